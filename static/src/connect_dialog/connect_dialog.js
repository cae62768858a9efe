import { Component, onWillUnmount, useEffect, useRef, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";

import { CheckList } from "./check_list";

/**
 * A dialogue that takes a secret. It stays in the inputs until it is posted, once,
 * to one route: no RPC, no state, no log sees it.
 *
 * Subclasses have a template, a `route`, `titles` by the present method of log-in,
 * `takeSecret`, which fills a form and empties what has to be typed anew, and
 * `read`, which keeps in `state.reading` what is to say of the inputs.
 */
export class ConnectDialog extends Component {
    static components = { CheckList, Dialog };
    static props = { close: Function, facts: Object };

    setup() {
        this.dialog = useService("dialog");
        this.form = useRef("form");
        this.outcome = useRef("outcome");
        this.state = useState({
            environment: this.props.facts.environment,
            reading: false,
            isBusy: false,
            result: false,
            failure: "",
        });
        useEffect(
            (isOver) => {
                if (isOver) {
                    this.outcome.el.scrollIntoView({ block: "nearest" });
                }
            },
            () => [Boolean(this.state.result || this.state.failure)]
        );
        onWillUnmount(() => this.emptyInputs());
    }

    get title() {
        const { company, login_method: present } = this.props.facts;
        return this.titles[this.isChange ? present : "none"]({ company });
    }

    /** Whether a working log-in is replaced, not a first one set. */
    get isChange() {
        const { login_method: present, connected_to: where } = this.props.facts;
        return Boolean(present) && where === this.state.environment;
    }

    get portalUrl() {
        const { environments } = this.props.facts;
        return environments.find(({ key }) => key === this.state.environment).portal_url;
    }

    get success() {
        if (this.state.environment !== "production") {
            return _t(
                "Connected to a test or demo environment. What is sent has no legal effect."
            );
        }
        return this.props.facts.is_manual
            ? _t("Connected. Invoices are sent only by button.")
            : _t("Connected. Invoices go to KSeF from now on.");
    }

    get canSubmit() {
        return Boolean(this.state.reading.isGood) && !this.state.isBusy;
    }

    onSubmit() {
        if (!this.canSubmit) {
            return;
        }
        const { environment } = this.state;
        const isLive = this.props.facts.connected_to === "production";
        if (environment !== "production" || isLive) {
            this.send();
            return;
        }
        this.dialog.add(ConfirmationDialog, {
            title: _t("Connect to production"),
            body: _t(
                "From now on invoices have legal effect and cannot be withdrawn."
            ),
            confirmLabel: _t("Check and connect"),
            confirm: () => this.send(),
            cancel: () => {},
        });
    }

    send() {
        const body = new FormData();
        body.append("csrf_token", odoo.csrf_token);
        body.append("company_id", this.props.facts.company_id);
        body.append("environment", this.state.environment);
        this.takeSecret(body);
        Object.assign(this.state, { isBusy: true, result: false, failure: "" });
        this.post(body);
    }

    async post(body) {
        try {
            const response = await browser.fetch(this.route, { method: "POST", body });
            const answer = await response.json();
            if (answer.connected) {
                this.emptyInputs();
            }
            this.state.result = response.ok && answer;
            this.state.failure = response.ok ? "" : answer.error;
        } catch {
            this.state.failure = _t(
                "Odoo did not answer. Look at the state of the connection before you try again."
            );
        }
        this.state.isBusy = false;
        const isOpen = Boolean(this.form.el);
        if (isOpen) {
            this.read();
        }
    }

    emptyInputs() {
        this.form.el?.reset();
    }
}

/**
 * Let a client action open a dialogue for the company in its parameters.
 *
 * @param {string} tag
 * @param {typeof ConnectDialog} dialog
 */
export function registerConnectDialog(tag, dialog) {
    async function open(env, action) {
        const facts = await env.services.orm.call(
            "res.config.settings",
            "l10n_pl_ksef_get_connect_facts",
            [action.params?.company_id || false]
        );
        await new Promise((resolve) => {
            env.services.dialog.add(dialog, { facts }, { onClose: resolve });
        });
        return "soft_reload";
    }
    registry.category("actions").add(tag, open);
}
