import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { KsefBadge } from "../ksef_badge/ksef_badge";

/** State of a company's connection in words, and the facts of its token. */
export class KsefConnectionField extends Component {
    static template = "l10n_pl_ksef.Connection";
    static components = { KsefBadge };
    static props = { ...standardFieldProps };

    get status() {
        return this.props.record.data[this.props.name];
    }

    get look() {
        const { level, icon, badge } = this.status;
        return { level, icon, word: badge, title: badge };
    }
}

registry.category("fields").add("l10n_pl_ksef_connection", {
    component: KsefConnectionField,
    displayName: _t("KSeF connection"),
    supportedTypes: ["json"],
});
