"""W1 as a decision of zen-engine: a table of shares, then expressions, receipt by receipt.

    python with_zen.py w1 receipts.csv alloc.csv agg.csv

Its numbers are decimals, and whole fen times two hundred stay within them.
"""
import csv
import json
import sys
from collections import defaultdict

import zen

TABLE = [
    ('"vat"', "date($) < date('2016-05-01')", "150"), ('"vat"', "", "100"),
    ('"cit", "iit"', "", "120"), ('"consumption"', "", "200"),
    ('"stamp", "resource", "umct", "deed"', "", "0"),
]
# Shares in two-hundredths, rounded down; the missing fen go to the largest remainders.
STEPS = {
    "across": "tax in ['vat', 'cit'] and origin != destination",
    "o": "$.across ? (200 - c) / 2 : 0",
    "d": "200 - c - $.o",
    "cr": "abs(fen) * c % 200",
    "or": "abs(fen) * $.o % 200",
    "dr": "abs(fen) * $.d % 200",
    "missing": "($.cr + $.or + $.dr) / 200",
    "way": "fen < 0 ? -1 : 1",
    "cb": "($.or > $.cr ? 1 : 0) + ($.dr > $.cr ? 1 : 0)",
    "ob": "($.cr >= $.or ? 1 : 0) + ($.dr > $.or ? 1 : 0)",
    "db": "($.cr >= $.dr ? 1 : 0) + ($.or >= $.dr ? 1 : 0)",
    "central": "$.way * ((abs(fen) * c - $.cr) / 200 + ($.cb < $.missing ? 1 : 0))",
    "to_origin": "$.way * ((abs(fen) * $.o - $.or) / 200 + ($.ob < $.missing ? 1 : 0))",
    "to_destination": "$.way * ((abs(fen) * $.d - $.dr) / 200 + ($.db < $.missing ? 1 : 0))",
}


def node(name, kind, content=None):
    return {"id": name, "name": name, "type": kind} | ({"content": content} if content else {})


def decision():
    table = {
        "hitPolicy": "first", "passThrough": True,
        "inputs": [{"id": "tax", "field": "tax", "name": "tax"},
                   {"id": "date", "field": "date", "name": "date"}],
        "outputs": [{"id": "c", "field": "c", "name": "c"}],
        "rules": [{"_id": str(place), "tax": tax, "date": date, "c": share}
                  for place, (tax, date, share) in enumerate(TABLE)],
    }
    steps = [{"id": key, "key": key, "value": value} for key, value in STEPS.items()]
    nodes = [
        node("in", "inputNode"), node("shares", "decisionTableNode", table),
        node("split", "expressionNode", {"expressions": steps}), node("out", "outputNode"),
    ]
    names = [each["id"] for each in nodes]
    edges = [{"id": a + b, "type": "edge", "sourceId": a, "targetId": b}
             for a, b in zip(names, names[1:])]
    return json.dumps({"nodes": nodes, "edges": edges})


def yuan(fen):
    return ("-" if fen < 0 else "") + "%d.%02d" % divmod(abs(fen), 100)


def main():
    _, receipts, alloc, agg = sys.argv[1:]
    rules = zen.ZenEngine().create_decision(decision())
    totals = defaultdict(int)
    with open(receipts, newline="") as given, open(alloc, "w", newline="") as out:
        out.write("id,account,amount\n")
        for row in csv.DictReader(given):
            row["fen"] = int(row["amount"].replace(".", ""))
            result = rules.evaluate(row)["result"]
            shares = (("central", "central"), (row["origin"], "to_origin"),
                      (row["destination"], "to_destination"))
            for account, share in shares:
                fen = int(result[share])
                if fen:
                    out.write("%s,%s,%s\n" % (row["id"], account, yuan(fen)))
                    totals[account, row["date"][:4]] += fen
    with open(agg, "w", newline="") as out:
        out.write("account,year,amount\n")
        for (account, year), fen in sorted(totals.items()):
            out.write("%s,%s,%s\n" % (account, year, yuan(fen)))


if __name__ == "__main__":
    main()
