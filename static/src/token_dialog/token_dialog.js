import { useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useAutofocus } from "@web/core/utils/hooks";

import { ConnectDialog, registerConnectDialog } from "../connect_dialog/connect_dialog";
import { readToken } from "./read_token";

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

const TITLES = {
    none: (facts) => _t("Connect %(company)s to KSeF", facts),
    token: (facts) => _t("Replace the token of %(company)s", facts),
    certificate: (facts) => _t("Change the log-in of %(company)s to a token", facts),
};

function formatNip(nip) {
    return nip && nip.replace(/^(\d{3})(\d{3})(\d{2})(\d{2})$/, "$1-$2-$3-$4");
}

/** The only place that takes a KSeF token. */
export class TokenDialog extends ConnectDialog {
    static template = "l10n_pl_ksef.TokenDialog";

    route = "/l10n_pl_ksef/token";
    titles = TITLES;

    setup() {
        super.setup();
        this.input = useRef("autofocus");
        useAutofocus();
    }

    read() {
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

    takeSecret(body) {
        body.append("token", this.input.el.value);
        this.input.el.value = "";
    }
}

registerConnectDialog("l10n_pl_ksef_connect", TokenDialog);
