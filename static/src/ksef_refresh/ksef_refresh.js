import { Component, onMounted, onWillUnmount, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

export const CHANGED = "l10n_pl_ksef/changed";

/** Loads the open invoice anew when the server says that KSeF answered. */
export class KsefRefresh extends Component {
    static template = xml`<t/>`;
    static props = { ...standardWidgetProps };

    setup() {
        const bus = useService("bus_service");
        const onChanged = ({ move_ids }) => this.refresh(move_ids);
        onMounted(() => bus.subscribe(CHANGED, onChanged));
        onWillUnmount(() => bus.unsubscribe(CHANGED, onChanged));
    }

    async refresh(moveIds) {
        const { record } = this.props;
        if (!moveIds.includes(record.resId) || (await record.isDirty())) {
            return;
        }
        await record.load();
    }
}

registry.category("view_widgets").add("l10n_pl_ksef_refresh", { component: KsefRefresh });
