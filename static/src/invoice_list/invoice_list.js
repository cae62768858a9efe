import { onMounted, onWillUnmount } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { AccountMoveListController } from "@account/views/account_move_list/account_move_list_controller";
import { AccountMoveListRenderer } from "@account/views/account_move_list/account_move_list_renderer";

import { CHANGED } from "../ksef_refresh/ksef_refresh";

const PREFIX = "l10n_pl_ksef_";

/** Loads the list anew when KSeF answered, unless somebody is at work in it. */
patch(AccountMoveListController.prototype, {
    setup() {
        super.setup();
        const bus = useService("bus_service");
        const onChanged = async ({ move_ids }) => {
            const { root } = this.model;
            const isBusy = root.selection.length || root.editedRecord || root.isGrouped;
            if (isBusy || !root.records.some(({ resId }) => move_ids.includes(resId))) {
                return;
            }
            await root.load();
        };
        onMounted(() => bus.subscribe(CHANGED, onChanged));
        onWillUnmount(() => bus.unsubscribe(CHANGED, onChanged));
    },
});

/** Companies without KSeF see none of its columns: empty ones are left out. */
patch(AccountMoveListRenderer.prototype, {
    getActiveColumns() {
        const { list } = this.props;
        return super
            .getActiveColumns()
            .filter(
                ({ name }) =>
                    !name?.startsWith(PREFIX) ||
                    list.isGrouped ||
                    list.records.some(({ data }) => data[name])
            );
    },
});
