"""The workloads as data frames of Polars, in whole fen: every step is exact.

    python with_polars.py w1 receipts.csv alloc.csv agg.csv
    python with_polars.py w2 receipts.csv enterprises.csv alloc.csv agg.csv
    python with_polars.py w3 salaries.csv withheld.csv agg.csv
"""
import sys

import polars as pl

SCHEDULE = [
    (3_600_000, 3, 0), (14_400_000, 10, 25_200_000), (30_000_000, 20, 169_200_000),
    (42_000_000, 25, 319_200_000), (66_000_000, 30, 529_200_000), (96_000_000, 35, 859_200_000),
    (None, 45, 1_819_200_000),
]


def fen(name):
    """Two decimals always: without the point it is whole fen."""
    return pl.col(name).str.replace(".", "", literal=True).cast(pl.Int64)


def yuan(name):
    size = pl.col(name).abs()
    return pl.concat_str(
        pl.when(pl.col(name) < 0).then(pl.lit("-")).otherwise(pl.lit("")),
        (size // 100).cast(pl.String), pl.lit("."), (size % 100).cast(pl.String).str.zfill(2),
    ).alias(name)


def ones(condition):
    return condition.cast(pl.Int64)


def shares(receipts):
    col = pl.col
    frame = pl.scan_csv(receipts, schema={
        "id": pl.Int64, "date": pl.Date, "tax": pl.String, "enterprise": pl.String,
        "origin": pl.String, "destination": pl.String, "amount": pl.String,
    })
    central = (
        pl.when((col("tax") == "vat") & (col("date") < pl.date(2016, 5, 1))).then(150)
        .when(col("tax") == "vat").then(100)
        .when(col("tax").is_in(["cit", "iit"])).then(120)
        .when(col("tax") == "consumption").then(200)
        .otherwise(0).cast(pl.Int64)
    )
    across = col("tax").is_in(["vat", "cit"]) & (col("origin") != col("destination"))
    frame = frame.with_columns(fen("amount"), c=central, across=across)
    frame = frame.with_columns(o=pl.when("across").then((200 - col("c")) // 2).otherwise(0))
    frame = frame.with_columns(d=200 - col("c") - col("o"), size=col("amount").abs())
    parts = ("c", "o", "d")
    whole = [
        (col("size") // 200 * col(p) + col("size") % 200 * col(p) // 200).alias(p + "s")
        for p in parts
    ]
    left = [(col("size") % 200 * col(p) % 200).alias(p + "r") for p in parts]
    frame = frame.with_columns(whole + left)
    frame = frame.with_columns(missing=(col("cr") + col("or") + col("dr")) // 200)
    before = {  # how many shares have a fen before this one
        "c": ones(col("or") > col("cr")) + ones(col("dr") > col("cr")),
        "o": ones(col("cr") >= col("or")) + ones(col("dr") > col("or")),
        "d": ones(col("cr") >= col("dr")) + ones(col("or") >= col("dr")),
    }
    return frame.select(
        "id", "date", "enterprise", "origin", "destination", "across",
        *[(col("amount").sign() * (col(p + "s") + ones(before[p] < col("missing")))).alias(p)
          for p in parts],
    )


def capped(frame, enterprises):
    """The sharing closes with the first row that brings the running total to the cap."""
    col = pl.col
    register = pl.scan_csv(enterprises, schema={
        "id": pl.String, "cap": pl.String, "relocation_date": pl.Date,
    }).select(enterprise="id", cap=fen("cap"), last_day=col("relocation_date").dt.offset_by("5y"))
    shared = frame.filter("across").join(register, on="enterprise").sort("date", "id")
    inside = (col("cap") > 0) & (col("date") <= col("last_day"))
    shared = shared.with_columns(inside=inside)
    shared = shared.with_columns(
        total=pl.when("inside").then("o").otherwise(0).cum_sum().over("enterprise"))
    reached = (col("inside") & (col("total") >= col("cap"))).cast(pl.Int32)
    shared = shared.with_columns(
        closed=reached.cum_sum().over("enterprise") - reached > 0)
    granted = (
        pl.when(~col("inside") | col("closed")).then(0)
        .when(col("total") >= col("cap")).then(col("cap") - (col("total") - col("o")))
        .otherwise("o")
    )
    shared = shared.with_columns(granted=granted).with_columns(
        d=col("d") + col("o") - col("granted"), o="granted")
    columns = frame.collect_schema().names()
    return pl.concat([frame.filter(~col("across")), shared.select(columns)])


def allocate(frame, alloc, agg):
    legs = [
        frame.select("id", "date", account=account, amount=share)
        for account, share in
        [(pl.lit("central"), "c"), (pl.col("origin"), "o"), (pl.col("destination"), "d")]
    ]
    rows = pl.concat(legs).filter(pl.col("amount") != 0).collect()
    rows.select("id", "account", yuan("amount")).write_csv(alloc)
    totals = rows.group_by("account", year=pl.col("date").dt.year()).agg(pl.col("amount").sum())
    totals.select("account", "year", yuan("amount")).write_csv(agg)


def withhold(salaries, out, agg):
    col = pl.col
    frame = pl.scan_csv(salaries, schema={
        "person": pl.Int64, "month": pl.Int64, "salary": pl.String, "insurance": pl.String,
        "deduction": pl.String,
    }).sort("person", "month")
    more = fen("salary") - 500_000 - fen("insurance") - fen("deduction")
    frame = frame.select("person", "month", taxable=more.cum_sum().over("person"))
    tax = pl.when(col("taxable") <= 0).then(0)
    for end, rate, quick in SCHEDULE[:-1]:
        tax = tax.when(col("taxable") <= end).then(col("taxable") * rate - quick)
    _, rate, quick = SCHEDULE[-1]
    tax = tax.otherwise(col("taxable") * rate - quick)
    # What was withheld so far is the highest rounded tax so far: nothing is ever paid back.
    frame = frame.with_columns(top=((tax + 50) // 100).cum_max().over("person"))
    withheld = col("top") - col("top").shift(1, fill_value=0).over("person")
    frame = frame.with_columns(withheld=withheld)
    central = col("withheld") // 5 * 3 + (col("withheld") % 5 * 3 + 2) // 5
    frame = frame.with_columns(central=central)
    rows = frame.with_columns(local=col("withheld") - col("central")).collect()
    names = ("withheld", "central", "local")
    rows.select("person", "month", *map(yuan, names)).write_csv(out)
    totals = rows.group_by("month").agg(pl.col(names).sum())
    totals.select("month", *map(yuan, names)).write_csv(agg)


def main():
    workload, *files = sys.argv[1:]
    if workload == "w1":
        receipts, alloc, agg = files
        allocate(shares(receipts), alloc, agg)
    elif workload == "w2":
        receipts, enterprises, alloc, agg = files
        allocate(capped(shares(receipts), enterprises), alloc, agg)
    else:
        withhold(*files)


if __name__ == "__main__":
    main()
