import { onMounted, onWillUnmount } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { AccountMoveListController } from "@account/views/account_move_list/account_move_list_controller";
import { AccountMoveListRenderer } from "@account/views/account_move_list/account_move_list_renderer";

import { CHANGED } from "../ksef_refresh/ksef_refresh";

const PREFIX = "l10n_pl_ksef_";
// Enough for numbers like FV/2026/11/00012, beside our columns and long buyers.
const NUMBER_WIDTH = 130;

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

/**
 * Companies without KSeF see none of its columns: empty ones are left out. Where
 * there are some, the number of the invoice keeps its room.
 */
patch(AccountMoveListRenderer.prototype, {
    getActiveColumns() {
        const { list } = this.props;
        const isOurs = ({ name }) => name?.startsWith(PREFIX);
        const isFilled = ({ name }) =>
            list.isGrouped || list.records.some(({ data }) => data[name]);
        const columns = super
            .getActiveColumns()
            .filter((column) => !isOurs(column) || isFilled(column));
        if (!columns.some(isOurs)) {
            return columns;
        }
        return columns.map((column) =>
            column.name === "name"
                ? { ...column, field: { ...column.field, listViewWidth: [NUMBER_WIDTH] } }
                : column
        );
    },
});
