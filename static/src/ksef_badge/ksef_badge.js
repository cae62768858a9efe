import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// State of a submission, or of its receipt: colour and icon. The word is the
// selection's own, or a shorter one where the column says the rest.
const LOOKS = {
    queued: { level: "info", icon: "fa-clock-o" },
    sending: { level: "info", icon: "fa-paper-plane" },
    unknown: { level: "warning", icon: "fa-question-circle" },
    processing: { level: "info", icon: "fa-cog" },
    accepted: { level: "success", icon: "fa-check-circle" },
    rejected: { level: "danger", icon: "fa-times-circle" },
    conflict: { level: "danger", icon: "fa-exclamation-circle" },
    blocked: { level: "danger", icon: "fa-pause-circle" },
    held: { level: "warning", icon: "fa-pause-circle" },
    waiting: { level: "info", icon: "fa-chain" },
    withdrawn: { level: "muted", icon: "fa-undo" },
    wanted: { level: "muted", icon: "fa-ellipsis-h", word: _t("UPO") },
    late: { level: "warning", icon: "fa-ellipsis-h" },
    stored: { level: "success", icon: "fa-check", word: _t("UPO") },
    doubtful: { level: "warning", icon: "fa-exclamation-triangle", word: _t("Check UPO") },
};

export function badgeClass(level) {
    return level === "muted" ? "text-bg-300 border" : `text-bg-${level}`;
}

export class KsefBadge extends Component {
    static template = "l10n_pl_ksef.Badge";
    static props = { look: { type: [Object, Boolean] } };

    get badgeClass() {
        return badgeClass(this.props.look.level);
    }
}

/** Look of the value of a selection field, or false when there is none to show. */
export function selectionLook(record, name) {
    const value = record.data[name];
    const look = LOOKS[value];
    if (!look) {
        return false;
    }
    const entry = record.fields[name].selection.find(([key]) => key === value);
    const title = entry ? entry[1] : "";
    return { level: look.level, icon: look.icon, word: look.word || title, title };
}

export class KsefBadgeField extends Component {
    static template = "l10n_pl_ksef.BadgeField";
    static components = { KsefBadge };
    static props = { ...standardFieldProps };

    get look() {
        return selectionLook(this.props.record, this.props.name);
    }
}

registry.category("fields").add("l10n_pl_ksef_badge", {
    component: KsefBadgeField,
    displayName: _t("KSeF badge"),
    supportedTypes: ["selection"],
    listViewWidth: [125, 130],
});
