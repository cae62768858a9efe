import { Component, onMounted, onWillUnmount, onPatched, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const MODEL = "l10n_pl_ksef.readiness";

/** Checks invoices in small steps as long as the page is open, and says how far it is. */
export class KsefReadiness extends Component {
    static template = "l10n_pl_ksef.Readiness";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.progress = useState({ checked: 0, total: 0 });
        this.isAtWork = false;
        this.isClosed = false;
        onMounted(() => this.run());
        onPatched(() => this.run());
        onWillUnmount(() => (this.isClosed = true));
    }

    get isRunning() {
        return this.props.record.data.state === "running";
    }

    get total() {
        return this.progress.total || this.props.record.data.total;
    }

    get sentence() {
        return _t("Checking invoices: %(checked)s of %(total)s. It stops when you leave this page.", {
            checked: this.progress.checked,
            total: this.total,
        });
    }

    get percent() {
        return this.total ? Math.round((100 * this.progress.checked) / this.total) : 0;
    }

    async run() {
        const { record } = this.props;
        if (this.isAtWork || !this.isRunning || !record.resId) {
            return;
        }
        this.isAtWork = true;
        let isDone = false;
        try {
            while (!isDone && !this.isClosed) {
                const step = await this.orm.call(MODEL, "action_step", [[record.resId]]);
                Object.assign(this.progress, step);
                isDone = step.is_done;
            }
            if (!this.isClosed) {
                await record.load();
            }
        } finally {
            this.isAtWork = !isDone && !this.isClosed;
        }
    }
}

registry.category("view_widgets").add("l10n_pl_ksef_readiness", { component: KsefReadiness });
