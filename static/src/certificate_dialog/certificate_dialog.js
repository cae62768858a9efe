import { onMounted, useEffect, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

import { ConnectDialog, registerConnectDialog } from "../connect_dialog/connect_dialog";

// As the server takes them: a certificate and its key, each a few kB.
const FILES_MAX = 2;
const FILE_MAX_BYTES = 100000;

const TITLES = {
    none: (facts) => _t("Connect %(company)s to KSeF", facts),
    token: (facts) => _t("Change the log-in of %(company)s to a certificate", facts),
    certificate: (facts) => _t("Replace the certificate of %(company)s", facts),
};

/** The only place that takes a certificate with its private key. */
export class CertificateDialog extends ConnectDialog {
    static template = "l10n_pl_ksef.CertificateDialog";

    route = "/l10n_pl_ksef/certificate";
    titles = TITLES;

    setup() {
        super.setup();
        this.files = useRef("files");
        this.passphrase = useRef("passphrase");
        onMounted(() => this.files.el.focus());
        useEffect(
            (isRefused) => {
                if (isRefused) {
                    this.passphrase.el.focus({ preventScroll: true });
                }
            },
            () => [this.isPassphraseRefused]
        );
    }

    get isPassphraseRefused() {
        const checks = this.state.result ? this.state.result.checks : [];
        return checks.some(({ key }) => key === "passphrase");
    }

    read() {
        const files = [...this.files.el.files];
        const names = files.map(({ name }) => name).join(", ");
        const isTooMany = files.length > FILES_MAX;
        const isTooLarge = files.some(({ size }) => size > FILE_MAX_BYTES);
        let text = _t("Chosen: %(names)s", { names });
        if (isTooMany) {
            text = _t("Choose at most two files: the certificate and its private key.");
        } else if (isTooLarge) {
            text = _t("The file is too large for a certificate or a key.");
        }
        const isGood = !isTooMany && !isTooLarge;
        this.state.reading = files.length > 0 && { isGood, text };
    }

    // The files stay chosen: a wrong passphrase is not their fault.
    takeSecret(body) {
        for (const file of this.files.el.files) {
            body.append("files", file);
        }
        body.append("passphrase", this.passphrase.el.value);
        this.passphrase.el.value = "";
    }
}

registerConnectDialog("l10n_pl_ksef_certificate", CertificateDialog);
