"""W1 as a tax and benefit system of OpenFisca.

    python with_openfisca.py w1 receipts.csv alloc.csv agg.csv

Its amounts are binary floating point of 32 bits, so large shares cannot be exact; how many rows are
wrong is in the table. Shares are rounded to the fen, and the destination has what the others leave.
"""
import sys

import numpy as np
import pandas as pd
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit, period
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Receipt = build_entity(key="receipt", plural="receipts", label="A receipt", is_person=True)
TAXES = ["vat", "cit", "iit", "stamp", "umct", "consumption", "deed", "resource"]


def to_centre(receipts, now):
    kind, when = receipts("tax", now), receipts("day", now)
    shares = np.array([0.5, 0.6, 0.6, 0.0, 0.0, 1.0, 0.0, 0.0])[kind]
    early = (kind == TAXES.index("vat")) & (when < 20160501)
    return np.round(receipts("amount", now) * np.where(early, 0.75, shares), 2)


def to_origin(receipts, now):
    local = receipts("amount", now) - receipts("central", now)
    return np.where(receipts("across", now), np.round(local / 2, 2), 0)


def to_destination(receipts, now):
    given = receipts("central", now) + receipts("to_origin", now)
    return receipts("amount", now) - given


def variable(name, kind, formula=None):
    fields = {
        "value_type": kind, "entity": Receipt, "definition_period": DateUnit.ETERNITY,
        "label": name,
    }
    return type(name, (Variable,), fields | ({"formula": formula} if formula else {}))


VARIABLES = [
    variable("amount", float), variable("tax", int), variable("day", int),
    variable("across", bool), variable("central", float, to_centre),
    variable("to_origin", float, to_origin), variable("to_destination", float, to_destination),
]


def main():
    _, path, alloc, agg = sys.argv[1:]
    rows = pd.read_csv(path, dtype={"date": "str"})
    system = TaxBenefitSystem([Receipt])
    for each in VARIABLES:
        system.add_variable(each)
    simulation = SimulationBuilder().build_default_simulation(system, count=len(rows))
    now = period("2015")
    shared = rows["tax"].isin(["vat", "cit"]) & (rows["origin"] != rows["destination"])
    given = {
        "amount": rows["amount"], "across": shared, "tax": rows["tax"].map(TAXES.index),
        "day": rows["date"].str.replace("-", "").astype("int64"),
    }
    for name, values in given.items():
        simulation.set_input(name, now, values.to_numpy())
    legs = [
        pd.DataFrame({
            "id": rows["id"], "account": account, "year": rows["date"].str[:4],
            "amount": simulation.calculate(share, now).astype("float64"),
        })
        for account, share in (("central", "central"), (rows["origin"], "to_origin"),
                               (rows["destination"], "to_destination"))
    ]
    out = pd.concat(legs)
    out["amount"] = out["amount"].round(2)
    out = out[out["amount"] != 0]
    columns = ["id", "account", "amount"]
    out[columns].to_csv(alloc, index=False, float_format="%.2f")
    totals = out.groupby(["account", "year"], as_index=False)["amount"].sum()
    totals.to_csv(agg, index=False, float_format="%.2f")


if __name__ == "__main__":
    main()
