#!/usr/bin/env python3
"""Works out this example's totals a second time, from the circulars and not from the rules.

    python3 recompute.py [SUMMARY.csv]

Prints `account,year,amount`. Given a summary that `fenshui run … --by account,year` wrote, compares
the two instead, and fails where they differ. Standard library only; exact fractions, no floats. It
knows only what the data of this folder need: the year 2018, and the readings taken by default.
"""

import csv
import json
import sys
from collections import defaultdict
from datetime import date
from fractions import Fraction
from math import floor
from pathlib import Path

HERE = Path(__file__).resolve().parent
FAR = date(9000, 1, 1)
WHOLLY_CENTRAL = {"import_vat", "consumption", "vehicle_purchase", "customs", "securities_stamp"}
totals = defaultdict(int)  # (account, year) -> fen


def rows(name):
    with open(HERE / name, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def fen(text):
    whole, _, part = text.lstrip("-").partition(".")
    value = int(whole) * 100 + int(part)
    return -value if text.startswith("-") else value


def day(text, missing=FAR):
    return date.fromisoformat(text) if text else missing


def years_later(start, years):
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def settle(units, shares):
    """Whole fen by largest remainder, ties in written order; a refund mirrors a payment."""
    if units < 0:
        return [-part for part in settle(-units, [-share for share in shares])]
    parts = [floor(share) for share in shares]
    order = sorted(range(len(shares)), key=lambda at: (parts[at] - shares[at], at))
    for at in [at for at in order if shares[at] != 0][: units - sum(parts)]:
        parts[at] += 1
    return parts


def half_up(exact):
    return floor(exact + Fraction(1, 2)) if exact >= 0 else -floor(-exact + Fraction(1, 2))


def central_part(tax, on):
    if tax == "vat":
        return Fraction(1, 2) if on >= date(2016, 5, 1) else Fraction(3, 4)
    if tax in ("cit", "iit"):
        return Fraction(3, 5)
    if tax == "business":
        return Fraction(1, 2) if on >= date(2016, 5, 1) else Fraction(0)
    return Fraction(1 if tax in WHOLLY_CENTRAL else 0)


# ── Receipts: 国发〔2016〕26号, 财预〔2015〕92号, agreements ───────────────────────────────────────


def moves():
    """The relocated enterprises: clock, cap and eligibility."""
    found = {}
    before = rows("paid_before.csv")
    for row in rows("relocation.csv"):
        key = (row["enterprise"], row["destination"])
        registered = day(row["registered"])
        base = sum(
            fen(paid["amount"]) * (1 - central_part(paid["tax"], day(paid["date"])))
            for paid in before
            if (paid["enterprise"], paid["destination"]) == key
            and paid["tax"] in ("vat", "cit", "business")
            and years_later(registered, -3) <= day(paid["date"]) < registered
        )
        flags = (row["led_by_government"], row["fits_layout"], row["confirmed"])
        found[key] = {
            "origin": row["origin"],
            "clock": max(registered, day(row["in_production"])),
            "cap": floor(base),
            "eligible": flags == ("true", "true", "true") and base / 3 >= 2_000_000_000,
        }
    return found


class Agreements:
    """Whom an agreement covers, and how it divides."""

    def __init__(self):
        self.covered = rows("covered.csv")
        self.taxes = {(row["agreement"], row["tax"]) for row in rows("agreed_taxes.csv")}
        self.parties = defaultdict(list)
        for row in sorted(rows("parties.csv"), key=lambda row: row["party"]):
            self.parties[row["agreement"]].append(row)

    def over(self, enterprise, place, tax, on):
        """The older agreement before the park's."""
        for kind in ("prior", "park"):
            for row in self.covered:
                if (row["enterprise"], row["destination"], row["kind"]) != (enterprise, place, kind):
                    continue
                in_time = day(row["starts"]) <= on <= day(row["ends"])
                old_enough = kind == "park" or day(row["signed"]) < date(2015, 6, 3)
                if in_time and old_enough and (row["agreement"], tax) in self.taxes:
                    return row
        return None

    def among(self, agreement, amount):
        parties = self.parties[agreement]
        weight = sum(Fraction(row["weight"]) for row in parties)
        for row in parties:
            account = f"treasury[{row['region']}]" if row["region"] else f"fund[{row['party']}]"
            yield account, amount * Fraction(row["weight"]) / weight


class Receipts:
    def __init__(self):
        self.moved = moves()
        self.agreements = Agreements()
        self.shared_out = defaultdict(int)  # what the place left has had, per enterprise and place
        self.in_the_year = defaultdict(int)  # local part of the year, for agreements with a base
        self.done = {}  # receipts allocated: their leaves, for refunds that name them

    def local_leaves(self, enterprise, place, tax, on, local):
        """Who shares the local part: account, exact amount, and the total it counts towards."""
        here, key = f"treasury[{place}]", (enterprise, place)
        agreement = self.agreements.over(enterprise, place, tax, on)
        if agreement:
            stays, tally = Fraction(0), None
            if agreement["basis"] == "above_base":
                tally = (self.in_the_year, key + (on.year,))
                start, base = self.in_the_year[key + (on.year,)], fen(agreement["yearly_base"])
                stays = min(start + local, Fraction(base)) - min(start, base)
                yield here, stays, tally
            for account, part in self.agreements.among(agreement["agreement"], local - stays):
                yield account, part, tally
            return
        move = self.moved.get(key)
        if (
            move and move["eligible"] and tax in ("vat", "cit", "business")
            and move["clock"] <= on < years_later(move["clock"], 3)
        ):
            half = Fraction(local, 2)
            if half > 0:
                half = min(half, Fraction(max(move["cap"] - self.shared_out[key], 0)))
            yield f"treasury[{move['origin']}]", half, (self.shared_out, key)
            local -= half
        yield here, Fraction(local), None

    def allocate(self, row):
        amount, on = fen(row["amount"]), day(row["date"])
        part = Fraction(1) if row["tax"] == "cit" and row["listed"] else central_part(row["tax"], on)
        centre, local = settle(amount, [amount * part, amount * (1 - part)])
        leaves = [("central", Fraction(centre), None)]
        leaves += self.local_leaves(row["enterprise"], row["destination"], row["tax"], on, local)
        leaves = [leaf for leaf in leaves if leaf[1] != 0]
        parts = settle(amount, [exact for _, exact, _ in leaves])
        for (account, _, tally), units in zip(leaves, parts):
            self.give(account, on, units, tally)
        self.done[row["id"]] = {
            "amount": amount, "leaves": leaves, "parts": parts,
            "reversed": 0, "given_back": [0] * len(parts),
        }

    def reverse(self, row):
        """A refund that names a receipt undoes that receipt's own leaves, pro rata."""
        original = self.done[row["refund_of"]]
        original["reversed"] -= fen(row["amount"])
        so_far = original["reversed"]
        wanted = settle(so_far, [Fraction(part) * so_far / original["amount"] for part in original["parts"]])
        for at, (account, _, tally) in enumerate(original["leaves"]):
            self.give(account, day(row["date"]), original["given_back"][at] - wanted[at], tally)
        original["given_back"] = wanted

    def give(self, account, on, units, tally):
        totals[account, on.year] += units
        if tally:
            tally[0][tally[1]] += units

    def run(self):
        for row in sorted(rows("receipts.csv"), key=lambda row: (row["date"], row["id"])):
            if row["refund_of"]:
                self.reverse(row)
            else:
                self.allocate(row)


# ── Head offices: 公告2012年第57号, 财预〔2012〕40号, 国税函〔2010〕156号 ───────────────────────────


def sixty_forty(units, place, year):
    centre, local = settle(units, [Fraction(units) * 3 / 5, Fraction(units) * 2 / 5])
    totals["central", year] += centre
    totals["undetermined" if place is None else f"treasury[{place}]", year] += local


def per_cent(text):
    return Fraction(int(text.rstrip("%")), 100)


def sharers(filing, last_day):
    """The branches that share, and their ratios."""
    def shares(row):
        set_up = day(row["set_up"])
        first = set_up if row.get("taken_over") else date(set_up.year + 1, 1, 1)
        right_year = int(row["year"]) == last_day.year - 1
        return right_year and row["standing"] == "main" and first <= last_day < day(row.get("closed", ""))

    chosen = [row for row in filing["branches"] if shares(row)]
    weights = (("revenue", 35), ("payroll", 35), ("assets", 30))
    sums = {factor: sum(fen(row[factor]) for row in chosen) for factor, _ in weights}
    ratios = [
        sum(Fraction(weight, 100) * Fraction(fen(row[factor]), sums[factor]) for factor, weight in weights)
        for row in chosen
    ]
    return chosen, ratios


def file(filing, paid, at_projects):
    last_day, year = day(filing["period_end"]), day(filing["date"]).year
    key = (filing["enterprise"], last_day.year)
    branches, ratios = sharers(filing, last_day)
    income, head_rate = max(fen(filing["taxable"]), 0), per_cent(filing["head_rate"])
    tax = income * Fraction(1, 2) * head_rate
    tax += sum(income * Fraction(1, 2) * ratio * per_cent(row["tax_rate"])
               for ratio, row in zip(ratios, branches))
    due = half_up(tax - at_projects[key] - paid[key])
    if filing["kind"] == "prepayment":
        due = max(due, 0)
    paid[key] += due
    shares = [Fraction(due, 2) * ratio for ratio in ratios] + [Fraction(due, 4)] * 2
    places = [row["region"] for row in branches] + [filing["head"], None]
    for units, place in zip(settle(due, shares), places):
        sixty_forty(units, place, year)


def head_offices():
    filings = json.loads((HERE / "filings.json").read_text(encoding="utf-8"))
    paid, at_projects = defaultdict(int), defaultdict(int)
    for event in sorted(rows("projects.csv") + filings, key=lambda event: (event["date"], event["id"])):
        if "branches" in event:
            file(event, paid, at_projects)
            continue
        due = half_up(fen(event["revenue"]) * Fraction(2, 1000))
        at_projects[event["enterprise"], day(event["period_end"]).year] += due
        sixty_forty(due, event["place"], day(event["date"]).year)


# ── Payroll: the monthly tables of 2018, and the bonus of 国税发〔2005〕9号 ─────────────────────────

RATES = (3, 10, 20, 25, 30, 35, 45)
UNTIL_SEPTEMBER = (3_500_00, (1_500_00, 4_500_00, 9_000_00, 35_000_00, 55_000_00, 80_000_00))
FROM_OCTOBER = (5_000_00, (3_000_00, 12_000_00, 25_000_00, 35_000_00, 55_000_00, 80_000_00))


def tax_on(base, bounds):
    """The tax on an amount, and the rate of its bracket."""
    tax, below = Fraction(0), 0
    for bound, rate in zip(bounds + (None,), RATES):
        if bound is None or base <= bound:
            return tax + (base - below) * Fraction(rate, 100), Fraction(rate, 100)
        tax += (bound - below) * Fraction(rate, 100)
        below = bound
    raise AssertionError


def payroll():
    for row in rows("payroll.csv"):
        on = day(row["date"])
        deduction, bounds = FROM_OCTOBER if on >= date(2018, 10, 1) else UNTIL_SEPTEMBER
        net = fen(row["salary"]) - fen(row["insurance"])
        due = half_up(tax_on(Fraction(max(net - deduction, 0)), bounds)[0])
        if row["bonus"]:
            base = max(fen(row["bonus"]) - max(deduction - net, 0), 0)
            twelfth = Fraction(base, 12)
            tax, rate = tax_on(twelfth, bounds)
            due += half_up(base * rate - (twelfth * rate - tax))
        sixty_forty(due, row["destination"], on.year)


def main():
    Receipts().run()
    head_offices()
    payroll()
    lines = sorted(
        f"{account},{year},{'-' if units < 0 else ''}{abs(units) // 100}.{abs(units) % 100:02d}"
        for (account, year), units in totals.items() if units
    )
    if len(sys.argv) < 2:
        print("\n".join(["account,year,amount"] + lines))
        return 0
    given = Path(sys.argv[1]).read_text(encoding="utf-8-sig").split()
    for line in sorted(set(given[1:]) ^ set(lines)):
        print(("only here:  " if line in lines else "only there: ") + line)
    same = sorted(given[1:]) == lines
    print("the same, to the fen" if same else "different")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
