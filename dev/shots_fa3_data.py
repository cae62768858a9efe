"""Records of each kind of FA(3) for `dev/shots_fa3.py`; joined to `shots_data.py`."""

BOOKED_ON = now.date() - timedelta(days=2)
NUMBERS = count(100)
MANY_BUYERS = 40
INVOICES_EACH = 3


def make_product(name, price, **values):
    tax = env["account.chart.template"].with_company(company).ref("vs_kraj_23")
    return env["product.product"].create(
        {
            "name": name,
            "type": "consu",
            "invoice_policy": "order",
            "list_price": price,
            "taxes_id": [(6, 0, tax.ids)],
            **values,
        }
    )


def make_line(product, **values):
    return (0, 0, {"product_id": product.id, "quantity": 1, **values})


def post_accepted(move):
    """Post an invoice and write that KSeF took it."""
    move.invoice_date = BOOKED_ON
    move._post()
    if not move.l10n_pl_ksef_document_id:
        env["l10n_pl_ksef.outbox"]._create_documents(move)
    force(
        move,
        state="accepted",
        acquired_on=now,
        ksef_number=f"5795955811-{BOOKED_ON:%Y%m%d}-0100001AF{next(NUMBERS)}-9D",
        upo_state="wanted",
        mode="online",
    )
    return move


def make_order(buyer, table, chair):
    warehouse = {"name": "Magazyn", "code": "MAG", "company_id": company.id}
    env["stock.warehouse"].create(warehouse)
    order = env["sale.order"].create(
        {
            "partner_id": buyer.id,
            "company_id": company.id,
            "client_order_ref": "ZAM 17/2026",
            "order_line": [
                (0, 0, {"product_id": table.id, "product_uom_qty": 2}),
                (0, 0, {"product_id": chair.id, "product_uom_qty": 8}),
            ],
        }
    )
    order.action_confirm()
    return order


def invoice_order(order, method, **values):
    wizard = (
        env["sale.advance.payment.inv"]
        .with_context(active_model="sale.order", active_ids=order.ids)
        .create({"advance_payment_method": method, **values})
    )
    return wizard._create_invoices(order)


def make_in_euro(buyer, table):
    euro = env.ref("base.EUR")
    euro.active = True
    env["res.currency.rate"].create(
        {
            "name": now.date() - timedelta(days=5),
            "currency_id": euro.id,
            "company_id": company.id,
            "inverse_company_rate": 4.2567,
        }
    )
    # Of a period, which has two rates that may be right.
    values = {
        "l10n_pl_ksef_period_start": now.date() - timedelta(days=40),
        "l10n_pl_ksef_period_end": now.date() - timedelta(days=10),
    }
    lines = [make_line(table)]
    return make_invoice(
        buyer, False, currency_id=euro.id, invoice_line_ids=lines, **values
    )


def make_many():
    """Make drafts of customers that lack something, and some that do not."""
    for number in range(MANY_BUYERS):
        lacking = ({"street": False, "city": False}, {"vat": False}, {})[number % 3]
        buyer = make_buyer(f"Odbiorca Hurtowy nr {number + 1} Sp. z o.o.", **lacking)
        for _each in range(INVOICES_EACH):
            make_invoice(buyer, False)


def make_fa3():
    company.write(
        {
            "l10n_pl_ksef_environment": "test",
            "l10n_pl_ksef_on_problem": "hold",
            "l10n_pl_ksef_krs": "0000123456",
            "l10n_pl_ksef_regon": "123456785",
        }
    )
    env["l10n_pl_ksef.job"]._get_crons().active = False
    buyer = make_buyer("Nabywca Przykładowy Sp. z o.o.", email="biuro@nabywca.example")
    table = make_product("Stół dębowy", 18500, l10n_pl_ksef_pkwiu="31.00.12.0")
    chair = make_product("Krzesło bukowe", 420, default_code="KRZ-01")
    lines = [make_line(table), make_line(chair, quantity=6, discount=10)]
    order = make_order(buyer, table, chair)
    posted = post_accepted(make_invoice(buyer, False, invoice_line_ids=lines))
    refund = posted._reverse_moves([{"invoice_date": now.date()}])
    advance = post_accepted(invoice_order(order, "percentage", amount=30))
    exempt = make_invoice(buyer, False, tax="vs_kraj_zw")
    bad = make_buyer("Firma bez adresu", street=False, city=False)
    problems = [make_invoice(bad, False), make_invoice(bad, False), exempt]
    made = {
        "moves": {
            "draft": make_invoice(buyer, False, invoice_line_ids=lines).id,
            "posted": posted.id,
            "credit": refund.id,
            "advance": advance.id,
            "final": invoice_order(order, "delivered").id,
            "currency": make_in_euro(buyer, table).id,
            "problems": problems[0].id,
        },
        "three": [move.id for move in problems],
        "partner": buyer.id,
        "product": table.product_tmpl_id.id,
        "unit": env.ref("uom.product_uom_hour").id,
        "tax": exempt.invoice_line_ids.tax_ids.id,
        "company": company.id,
    }
    make_many()
    return made


STEPS["fa3"] = make_fa3
