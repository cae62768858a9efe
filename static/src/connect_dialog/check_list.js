import { Component } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

const LOOKS = {
    ok: { icon: "fa-check", color: "text-success", word: _t("Passed:") },
    warning: { icon: "fa-exclamation-triangle", color: "text-warning", word: _t("Mind:") },
    error: { icon: "fa-times", color: "text-danger", word: _t("Failed:") },
    note: { icon: "fa-minus", color: "text-muted", word: _t("Note:") },
};

/** What was checked, a line each. */
export class CheckList extends Component {
    static template = "l10n_pl_ksef.CheckList";
    static props = { checks: Array };

    look(check) {
        return LOOKS[check.level];
    }
}

/** The outcome of "Test connection". */
export class CheckDialog extends Component {
    static template = "l10n_pl_ksef.CheckDialog";
    static components = { CheckList, Dialog };
    static props = { close: Function, title: String, result: Object };
}

function showChecks(env, action) {
    return new Promise((resolve) => {
        const { title, result } = action.params;
        env.services.dialog.add(CheckDialog, { title, result }, { onClose: resolve });
    }).then(() => "soft_reload");
}

registry.category("actions").add("l10n_pl_ksef_checks", showChecks);
