{
    "name": "Poland - KSeF e-invoicing",
    "summary": "Issue invoices through KSeF, the Polish national e-invoice system",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "l10n_pl_ksef contributors",
    "category": "Accounting/Localizations/EDI",
    "countries": ["pl"],
    "depends": ["l10n_pl"],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "security/rules.xml",
        "data/ir_cron.xml",
        "views/l10n_pl_ksef_document_views.xml",
        "views/account_move_views.xml",
        "views/account_tax_views.xml",
        "views/res_config_settings_views.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_backend": ["l10n_pl_ksef/static/src/**/*"],
    },
}
