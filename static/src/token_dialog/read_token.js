// The server checks again, and strictly. This reads just enough to say at the
// moment of pasting what is wrong, and refuses nothing that the server takes.

const NIP = /^nip-(\d{10})$/;
const KSEF_1 = /^[0-9a-f]{64}$/i;
const OTHER_CONTEXT = /^(internalId|nipVatUe|peppolId)-/i;
const INVISIBLE = /[\s\u00ad\u200b-\u200d\u2060\ufeff]/g;

/**
 * Say what a pasted text is.
 *
 * @param {string} text
 * @returns {{ kind: string, nip?: string, part?: number }} kind: empty, ksef_1,
 *   cut (with the part that is missing), not_a_nip, not_a_token or ok (with NIP)
 */
export function readToken(text) {
    const clean = text.replace(INVISIBLE, "");
    if (!clean) {
        return { kind: "empty" };
    }
    if (KSEF_1.test(clean)) {
        return { kind: "ksef_1" };
    }
    const [reference, context, secret, ...more] = clean.split("|");
    if (more.length || (context === undefined && !reference.includes("-EC-"))) {
        return { kind: "not_a_token" };
    }
    if (!reference) {
        return { kind: "cut", part: 1 };
    }
    if (OTHER_CONTEXT.test(context)) {
        return { kind: "not_a_nip" };
    }
    const nip = NIP.exec(context || "");
    if (!nip) {
        return { kind: "cut", part: NIP.test(reference) ? 1 : 2 };
    }
    return secret ? { kind: "ok", nip: nip[1] } : { kind: "cut", part: 3 };
}
