import { Component, useRef, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useAutofocus, useService } from "@web/core/utils/hooks";

import { CheckList } from "./check_list";
import { readToken } from "./read_token";

const ROUTE = "/l10n_pl_ksef/token";
const READINGS = {
    ksef_1: () =>
        _t(
            "This is a KSeF 1.0 token. It does not work in KSeF 2.0 and was not carried over. Make a new one in Aplikacja Podatnika KSeF 2.0."
        ),
    cut: ({ part }) =>
        _t(
            "A token has three parts, NUMBER|nip-…|SECRET. Part %(part)s is missing or cut short. Copy the whole token.",
            { part }
        ),
    not_a_token: () =>
        _t("This is not a KSeF token. A token has three parts, NUMBER|nip-…|SECRET."),
    not_a_nip: () =>
        _t(
            "This token belongs to an internal identifier, not to a NIP. Make a token for the company itself."
        ),
    other_nip: ({ theirs, company, own }) =>
        _t("The token is for NIP %(theirs)s; %(company)s has NIP %(own)s.", {
            theirs,
            company,
            own,
        }),
    ok: ({ nip }) => _t("KSeF 2.0 token, NIP %(nip)s", { nip }),
};

function formatNip(nip) {
    return nip && nip.replace(/^(\d{3})(\d{3})(\d{2})(\d{2})$/, "$1-$2-$3-$4");
}

/**
 * The only place that takes a KSeF token. The secret stays in the input until it
 * is posted, once, to one route: no RPC, no state, no log sees it.
 */
export class TokenDialog extends Component {
    static template = "l10n_pl_ksef.TokenDialog";
    static components = { CheckList, Dialog };
    static props = { close: Function, facts: Object };

    setup() {
        this.dialog = useService("dialog");
        this.input = useRef("autofocus");
        useAutofocus();
        this.state = useState({
            environment: this.props.facts.environment,
            reading: false,
            isBusy: false,
            result: false,
            failure: "",
        });
    }

    get title() {
        return _t("Connect %(company)s to KSeF", { company: this.props.facts.company });
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
        return this.state.reading.isGood && !this.state.isBusy;
    }

    onInput() {
        const found = readToken(this.input.el.value);
        const { nip: own, company } = this.props.facts;
        const isOther = found.kind === "ok" && found.nip !== own;
        const kind = isOther ? "other_nip" : found.kind;
        const words = READINGS[kind];
        this.state.reading = words && {
            isGood: kind === "ok",
            text: words({
                ...found,
                nip: formatNip(found.nip),
                theirs: formatNip(found.nip),
                own: formatNip(own) || "–",
                company,
            }),
        };
    }

    onSubmit() {
        if (!this.canSubmit) {
            return;
        }
        if (this.state.environment !== "production") {
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
        body.append("token", this.input.el.value);
        this.input.el.value = "";
        Object.assign(this.state, { isBusy: true, result: false, failure: "" });
        this.post(body);
    }

    async post(body) {
        try {
            const response = await browser.fetch(ROUTE, { method: "POST", body });
            const answer = await response.json();
            this.state.result = response.ok && answer;
            this.state.failure = response.ok ? "" : answer.error;
        } catch {
            this.state.failure = _t(
                "Odoo did not answer. Look at the state of the connection before you paste the token again."
            );
        }
        Object.assign(this.state, { isBusy: false, reading: false });
    }
}

async function connect(env, action) {
    const facts = await env.services.orm.call(
        "res.config.settings",
        "l10n_pl_ksef_get_connect_facts",
        [action.params?.company_id || false]
    );
    await new Promise((resolve) => {
        env.services.dialog.add(TokenDialog, { facts }, { onClose: resolve });
    });
    return "soft_reload";
}

registry.category("actions").add("l10n_pl_ksef_connect", connect);
