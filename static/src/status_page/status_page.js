import { Component, onMounted, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { badgeClass } from "../ksef_badge/ksef_badge";
import { CHANGED } from "../ksef_refresh/ksef_refresh";

const MODEL = "l10n_pl_ksef.health";
// Many invoices change within moments: the page looks once they calmed down.
const CALM_MS = 1500;

/** How a company's KSeF does, and what to do about it. */
export class KsefStatusPage extends Component {
    static template = "l10n_pl_ksef.StatusPage";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.orm = useService("orm");
        this.badgeClass = badgeClass;
        this.display = { controlPanel: {} };
        this.state = useState({ status: false, isBusy: false, progress: false });
        onWillStart(() => this.load(this.props.action.params?.company_id || false));
        this.listen(useService("bus_service"));
    }

    listen(bus) {
        const refresh = useDebounced(() => this.load(this.companyId), CALM_MS);
        onMounted(() => bus.subscribe(CHANGED, refresh));
        onWillUnmount(() => {
            bus.unsubscribe(CHANGED, refresh);
            this.isGone = true;
        });
    }

    get status() {
        return this.state.status;
    }

    get companyId() {
        return this.status.company.id;
    }

    get percent() {
        const { done, total } = this.state.progress;
        return total ? Math.floor((100 * done) / total) : 100;
    }

    get isHandedOver() {
        const { done, total } = this.status.files;
        return done === total;
    }

    async load(companyId) {
        this.state.status = await this.orm.call(MODEL, "get_status", [companyId]);
    }

    /** Run one thing at a time, and look at the outcome. */
    async work(job) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await job();
            await this.load(this.companyId);
        } finally {
            this.state.isBusy = false;
        }
    }

    refresh() {
        return this.work(() => {});
    }

    press({ type, target, confirm, label }) {
        const run = () => this.run[type].call(this, target);
        if (!confirm) {
            return run();
        }
        this.dialog.add(ConfirmationDialog, {
            title: label,
            body: confirm,
            confirmLabel: label,
            confirm: run,
            cancel: () => {},
        });
    }

    run = {
        call: (target) => this.work(() => this.call(target)),
        client: (tag) =>
            this.work(() =>
                this.action.doAction({
                    type: "ir.actions.client",
                    tag,
                    params: { company_id: this.companyId },
                })
            ),
        list: (key) => this.openList(key),
    };

    async call(method) {
        const action = await this.orm.call(MODEL, method, [this.companyId]);
        if (action) {
            await this.action.doAction(action);
        }
    }

    async openList(key) {
        const action = await this.orm.call(MODEL, "open_list", [this.companyId, key]);
        await this.action.doAction(action);
    }

    async copy() {
        await browser.navigator.clipboard.writeText(this.status.support);
        this.notification.add(_t("Copied. It holds no secret and no customer."), {
            type: "success",
        });
    }

    handOver() {
        return this.work(async () => {
            this.state.progress = this.status.files;
            try {
                await this.handOverAll();
            } finally {
                this.state.progress = false;
            }
        });
    }

    async handOverAll() {
        let before = -1;
        let progress = this.state.progress;
        while (progress.done < progress.total && progress.done > before && !this.isGone) {
            before = progress.done;
            progress = await this.orm.call(MODEL, "hand_over", [this.companyId]);
            this.state.progress = progress;
        }
    }
}

registry.category("actions").add("l10n_pl_ksef_status", KsefStatusPage);
