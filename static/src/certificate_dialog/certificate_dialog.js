import { useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

import { ConnectDialog, registerConnectDialog } from "../connect_dialog/connect_dialog";

// As the server takes them: a certificate and its key, each a few kB.
const FILES_MAX = 2;
const FILE_MAX_BYTES = 100000;

/** The only place that takes a certificate with its private key. */
export class CertificateDialog extends ConnectDialog {
    static template = "l10n_pl_ksef.CertificateDialog";

    route = "/l10n_pl_ksef/certificate";

    setup() {
        super.setup();
        this.files = useRef("files");
        this.passphrase = useRef("passphrase");
    }

    onChoose() {
        const { files } = this.files.el;
        const isTooMany = files.length > FILES_MAX;
        const isTooLarge = [...files].some(({ size }) => size > FILE_MAX_BYTES);
        let text = _t("Ready. Press Check and connect.");
        if (isTooMany) {
            text = _t("Choose at most two files: the certificate and its private key.");
        } else if (isTooLarge) {
            text = _t("The file is too large for a certificate or a key.");
        }
        const isGood = !isTooMany && !isTooLarge;
        this.state.reading = files.length > 0 && { isGood, text };
    }

    takeSecret(body) {
        for (const file of this.files.el.files) {
            body.append("files", file);
        }
        body.append("passphrase", this.passphrase.el.value);
        this.files.el.value = "";
        this.passphrase.el.value = "";
    }
}

registerConnectDialog("l10n_pl_ksef_certificate", CertificateDialog);
