"""The workloads as data frames of pandas, in whole fen: every step is exact.

    python with_pandas.py w1 receipts.csv alloc.csv agg.csv
    python with_pandas.py w2 receipts.csv enterprises.csv alloc.csv agg.csv
    python with_pandas.py w3 salaries.csv withheld.csv agg.csv
"""
import sys

import numpy as np
import pandas as pd

SCHEDULE = [
    (3_600_000, 3, 0), (14_400_000, 10, 25_200_000), (30_000_000, 20, 169_200_000),
    (42_000_000, 25, 319_200_000), (66_000_000, 30, 529_200_000), (96_000_000, 35, 859_200_000),
]


def fen(column):
    """Two decimals always: without the point it is whole fen."""
    return column.str.replace(".", "", regex=False).astype("int64")


def yuan(column):
    size = column.abs()
    sign = pd.Series(np.where(column < 0, "-", ""), index=column.index, dtype="str")
    return sign + (size // 100).astype("str") + "." + (size % 100).astype("str").str.zfill(2)


def shares(receipts):
    texts = ("tax", "enterprise", "origin", "destination")
    kinds = {"id": "int64", "date": "str", "amount": "str"} | dict.fromkeys(texts, "category")
    frame = pd.read_csv(receipts, dtype=kinds)
    frame["date"] = frame["date"].str.replace("-", "", regex=False).astype("int64")
    tax = frame["tax"]
    origin, destination = frame["origin"].astype("str"), frame["destination"].astype("str")
    central = np.select(
        [(tax == "vat") & (frame["date"] < 20160501), tax == "vat", tax.isin(["cit", "iit"]),
         tax == "consumption"], [150, 100, 120, 200], 0)
    frame["across"] = tax.isin(["vat", "cit"]) & (origin != destination)
    to_origin = np.where(frame["across"], (200 - central) // 2, 0)
    amount = fen(frame["amount"])
    quotient, rest = np.divmod(amount.abs(), 200)
    parts = {"c": central, "o": to_origin, "d": 200 - central - to_origin}
    whole = {name: quotient * part + rest * part // 200 for name, part in parts.items()}
    left = {name: rest * part % 200 for name, part in parts.items()}
    missing = sum(left.values()) // 200
    names = list(parts)
    for place, name in enumerate(names):
        before = 0  # how many shares have a fen before this one
        for other in names[:place]:
            before = before + (left[other] >= left[name]).astype("int64")
        for other in names[place + 1:]:
            before = before + (left[other] > left[name]).astype("int64")
        frame[name] = np.sign(amount) * (whole[name] + (before < missing))
    return frame


def capped(frame, enterprises):
    """The sharing closes with the first row that brings the running total to the cap."""
    register = pd.read_csv(enterprises, dtype="str", index_col="id")
    cap, relocated = fen(register["cap"]), register["relocation_date"]
    last_day = relocated.str.replace("-", "", regex=False).astype("int64") + 5_00_00
    last_day -= relocated.str.endswith("-02-29")  # five years on there is none
    shared = frame[frame["across"]].sort_values(["date", "id"])
    key = shared["enterprise"].astype("str")
    cap, last_day = key.map(cap), key.map(last_day)
    inside = (cap > 0) & (shared["date"] <= last_day)
    total = shared["o"].where(inside, 0).groupby(key).cumsum()
    reached = (inside & (total >= cap)).astype("int64")
    closed = reached.groupby(key).cumsum() > reached
    granted = shared["o"].where(total < cap, cap - (total - shared["o"]))
    granted = granted.where(inside & ~closed, 0)
    frame.loc[shared.index, "d"] += shared["o"] - granted
    frame.loc[shared.index, "o"] = granted


def allocate(frame, alloc, agg):
    accounts = {"c": "central", "o": frame["origin"], "d": frame["destination"]}
    year = frame["date"] // 10_000
    legs = [
        pd.DataFrame({"id": frame["id"], "year": year, "account": account, "amount": frame[share]})
        for share, account in accounts.items()
    ]
    rows = pd.concat([leg[leg["amount"] != 0].astype({"account": "str"}) for leg in legs])
    rows = rows.reset_index(drop=True)
    totals = rows.groupby(["account", "year"], as_index=False)["amount"].sum()
    rows["amount"] = yuan(rows["amount"])
    rows[["id", "account", "amount"]].to_csv(alloc, index=False)
    totals["amount"] = yuan(totals["amount"])
    totals.to_csv(agg, index=False)


def withhold(salaries, out, agg):
    texts = dict.fromkeys(("salary", "insurance", "deduction"), "str")
    frame = pd.read_csv(salaries, dtype={"person": "int64", "month": "int64"} | texts)
    frame["more"] = fen(frame["salary"]) - 500_000 - fen(frame["insurance"])
    frame["more"] -= fen(frame["deduction"])
    frame = frame.sort_values(["person", "month"])
    taxable = frame.groupby("person")["more"].cumsum()
    brackets = [taxable <= 0] + [taxable <= end for end, _, _ in SCHEDULE]
    taxes = [0] + [taxable * rate - quick for _, rate, quick in SCHEDULE]
    tax = np.select(brackets, taxes, taxable * 45 - 1_819_200_000)
    # What was withheld so far is the highest rounded tax so far: nothing is ever paid back.
    frame["top"] = (tax + 50) // 100
    frame["top"] = frame.groupby("person")["top"].cummax()
    before = frame.groupby("person")["top"].shift(1, fill_value=0)
    frame["withheld"] = frame["top"] - before
    frame["central"] = frame["withheld"] // 5 * 3 + (frame["withheld"] % 5 * 3 + 2) // 5
    frame["local"] = frame["withheld"] - frame["central"]
    names = ["withheld", "central", "local"]
    totals = frame.groupby("month", as_index=False)[names].sum()
    for table, keys, path in ((frame, ["person", "month"], out), (totals, ["month"], agg)):
        texts = pd.DataFrame({name: yuan(table[name]) for name in names})
        pd.concat([table[keys], texts], axis=1).to_csv(path, index=False)


def main():
    workload, *files = sys.argv[1:]
    if workload == "w3":
        withhold(*files)
        return
    receipts, *enterprises, alloc, agg = files
    frame = shares(receipts)
    for register in enterprises:
        capped(frame, register)
    allocate(frame, alloc, agg)


if __name__ == "__main__":
    main()
