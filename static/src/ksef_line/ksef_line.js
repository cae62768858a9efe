import { Component, onWillUnmount, useEffect, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { pick } from "@web/core/utils/objects";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";

import { KsefBadge, selectionLook } from "../ksef_badge/ksef_badge";

const LINE = "l10n_pl_ksef_line";
// Seconds are counted for the first minute; then the time in the sentence does.
const COUNTED_SECONDS = 60;

/** Runs what a link of a line names: a method, an action, a record. */
function useLineActions(component) {
    const action = useService("action");
    const dialog = useService("dialog");
    const record = () => component.props.record;

    function runMethod(target) {
        return component.env.onClickViewButton({
            clickParams: { name: target, type: "object" },
            getResParams: () =>
                pick(record(), "context", "evalContext", "resModel", "resId", "resIds"),
        });
    }

    function runClient(target) {
        const params = { company_id: record().data.company_id?.id };
        return action.doAction({ type: "ir.actions.client", tag: target, params });
    }

    function openRecord({ label, model, id }) {
        dialog.add(FormViewDialog, {
            title: label,
            resModel: model,
            resId: id,
            onRecordSaved: () => record().load(),
        });
    }

    const run = {
        method: runMethod,
        client: runClient,
        action: (target) => action.doAction(target),
        record: openRecord,
    };
    return { run: ({ type, target }) => run[type](target), openRecord };
}

export class KsefLineField extends Component {
    static template = "l10n_pl_ksef.Line";
    static components = { KsefBadge };
    static props = { ...standardFieldProps };

    setup() {
        Object.assign(this, useLineActions(this));
        this.state = useState({ seconds: COUNTED_SECONDS, isOpen: false });
        useEffect(
            () => this.startClock(),
            () => [this.line && this.line.started]
        );
        onWillUnmount(() => browser.clearInterval(this.clock));
    }

    get line() {
        return this.props.record.data[this.props.name];
    }

    get isShown() {
        return Boolean(this.line) && this.line.level !== "muted";
    }

    get hasMore() {
        return this.line.details.length > 0 || this.line.report.length > 0;
    }

    get elapsed() {
        const { seconds } = this.state;
        return seconds < COUNTED_SECONDS ? `0:${String(seconds).padStart(2, "0")}` : "";
    }

    startClock() {
        browser.clearInterval(this.clock);
        const started = this.line && Date.parse(this.line.started);
        if (!started || this.line.level !== "info") {
            this.state.seconds = COUNTED_SECONDS;
            return;
        }
        const tick = () => {
            const seconds = Math.max(0, Math.floor((Date.now() - started) / 1000));
            this.state.seconds = Math.min(seconds, COUNTED_SECONDS);
            if (seconds >= COUNTED_SECONDS) {
                browser.clearInterval(this.clock);
            }
        };
        this.clock = browser.setInterval(tick, 1000);
        tick();
    }
}

/** What happened, who acts, whether to send again, what is next: always open. */
export class KsefReportField extends Component {
    static template = "l10n_pl_ksef.ReportField";
    static props = { ...standardFieldProps };

    setup() {
        Object.assign(this, useLineActions(this));
    }

    get line() {
        return this.props.record.data[this.props.name];
    }
}

/** The grey row: the badge of the line or of the state, and what is said quietly. */
export class KsefRowField extends Component {
    static template = "l10n_pl_ksef.Row";
    static components = { KsefBadge };
    static props = { ...standardFieldProps };

    setup() {
        Object.assign(this, useLineActions(this));
    }

    get line() {
        return this.props.record.data[LINE];
    }

    get look() {
        const { line } = this;
        if (line) {
            const { badge_level: level, icon, badge: word, title } = line;
            return { level, icon, word, title };
        }
        return selectionLook(this.props.record, this.props.name);
    }

    get environment() {
        const { data, fields } = this.props.record;
        const value = data.l10n_pl_ksef_environment;
        if (!value || value === "production") {
            return "";
        }
        const { selection } = fields.l10n_pl_ksef_environment;
        return selection.find(([key]) => key === value)[1];
    }

    get quiet() {
        return this.line && this.line.level === "muted" ? this.line : false;
    }
}

registry.category("fields").add("l10n_pl_ksef_line", {
    component: KsefLineField,
    displayName: _t("KSeF line"),
    supportedTypes: ["json"],
});
registry.category("fields").add("l10n_pl_ksef_report", {
    component: KsefReportField,
    displayName: _t("KSeF report"),
    supportedTypes: ["json"],
});
registry.category("fields").add("l10n_pl_ksef_row", {
    component: KsefRowField,
    displayName: _t("KSeF row"),
    supportedTypes: ["selection"],
    fieldDependencies: [
        { name: LINE, type: "json" },
        { name: "l10n_pl_ksef_environment", type: "selection" },
    ],
});
