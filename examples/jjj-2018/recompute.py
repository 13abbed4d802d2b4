#!/usr/bin/env python3
"""Works out this example's totals a second time, from the circulars and not from the rules.

    python3 recompute.py [SUMMARY.csv]

Prints `account,year,amount`, then what is paid in one place and belongs to another. Given a summary that `fenshui run … --by account,year` wrote, compares
the two instead, and fails where they differ. Standard library only; exact fractions, no floats. It
knows only what the data of this folder need: 2018, the refunds of 2019, and the readings taken by
default.
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
crossed = defaultdict(int)  # (place of payment, account of another place, year) -> fen


def rows(name):
    with open(HERE / name, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def fen(text):
    whole, _, part = text.lstrip("-").partition(".")
    value = int(whole) * 100 + int(part)
    return -value if text.startswith("-") else value


def yuan(units):
    return f"{'-' if units < 0 else ''}{abs(units) // 100}.{abs(units) % 100:02d}"


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


class Parks:
    """Parks by area: who is a tenant, and how the park divides."""

    def __init__(self):
        self.parks = {row["park"]: row for row in rows("parks.csv")}
        self.taxes = {(row["park"], row["tax"]) for row in rows("park_taxes.csv")}
        self.tenants = {(row["enterprise"], row["destination"]): row for row in rows("tenants.csv")}
        self.parties = rows("park_parties.csv")

    def over(self, enterprise, place, tax, on):
        tenant = self.tenants.get((enterprise, place))
        if not tenant or not day(tenant["entered"]) <= on <= day(tenant["left"]):
            return None
        park = self.parks[tenant["park"]]
        inside = day(park["starts"]) <= on <= day(park["ends"])
        return park if inside and (park["park"], tax) in self.taxes else None

    def leaves(self, park, place, on, amount, local):
        """Each party's part; of a percentage of the whole tax the place keeps what is left."""
        parties = [
            row for row in self.parties
            if row["park"] == park["park"] and day(row["from"]) <= on < day(row["until"])
        ]
        if park["basis"] == "gross_tax":
            weights = [per_cent(row["percentage"]) for row in parties]
            wanted = min(abs(amount) * sum(weights), abs(local))
            wanted = wanted if amount >= 0 else -wanted
            shared, left = settle(local, [wanted, local - wanted])
        else:
            weights, shared, left = [int(row["weight"]) for row in parties], local, 0
        for row, weight in zip(parties, weights):
            account = f"treasury[{row['region']}]" if row["region"] else f"fund[{row['party']}]"
            yield account, Fraction(shared) * weight / sum(weights), None
        yield f"treasury[{place}]", Fraction(left), None


class Receipts:
    def __init__(self):
        self.moved = moves()
        self.agreements = Agreements()
        self.parks = Parks()
        self.shared_out = defaultdict(int)  # what the place left has had, per enterprise and place
        self.in_the_year = defaultdict(int)  # local part of the year, for agreements with a base
        self.done = {}  # receipts allocated: their leaves, for refunds that name them

    def local_leaves(self, enterprise, place, tax, on, amount, local):
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
        park = self.parks.over(enterprise, place, tax, on)
        if park:
            yield from self.parks.leaves(park, place, on, amount, local)
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
        listed = row["tax"] == "cit" and row.get("listed")
        part = Fraction(1) if listed else central_part(row["tax"], on)
        centre, local = settle(amount, [amount * part, amount * (1 - part)])
        leaves = [("central", Fraction(centre), None)]
        leaves += self.local_leaves(row["enterprise"], row["destination"], row["tax"], on, amount, local)
        leaves = [leaf for leaf in leaves if leaf[1] != 0]
        parts = settle(amount, [exact for _, exact, _ in leaves])
        for (account, _, tally), units in zip(leaves, parts):
            self.give(account, on, units, tally, row["destination"])
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
            self.give(account, day(row["date"]), original["given_back"][at] - wanted[at], tally,
                      row["destination"])
        original["given_back"] = wanted

    def give(self, account, on, units, tally, place):
        totals[account, on.year] += units
        if account not in ("central", f"treasury[{place}]"):
            crossed[place, account, on.year] += units
        if tally:
            tally[0][tally[1]] += units

    def run(self):
        paid = rows("receipts.csv") + rows("park_receipts.csv")
        for row in sorted(paid, key=lambda row: (row["date"], row["id"])):
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

# ── Fees and flat kinds, final in 2018: 20 %, with the steps of labour service ──────────────────


def reduced(paid):
    """Less 800 up to 4,000, less a fifth above."""
    return Fraction(max(paid - 800_00, 0)) if paid <= 4_000_00 else Fraction(paid * 4, 5)


def persons():
    for row in rows("fees.csv"):
        base = reduced(fen(row["receipts"]))
        if row["kind"] == "labour_service":
            # Half as much again on what exceeds 20,000, twice as much on what exceeds 50,000.
            tax = base / 5 + max(base - 20_000_00, 0) / 10 + max(base - 50_000_00, 0) / 10
        else:
            tax = base / 5 * (Fraction(7, 10) if row["kind"] == "manuscript" else 1)
        sixty_forty(half_up(tax), row["destination"], day(row["date"]).year)
    for row in rows("flat_income.csv"):
        paid, given = fen(row["receipts"]), fen(row["donations"] or "0.00")
        base = Fraction(paid)
        if row["kind"] == "lease":
            base = reduced(paid)
        if row["kind"] == "transfer_of_property":
            base = Fraction(max(paid - fen(row["cost"]), 0))
        base -= min(given, base * Fraction(3, 10))
        sixty_forty(half_up(base / 5), row["destination"], day(row["date"]).year)


# ── Construction tax and surcharges: 城市维护建设税暂行条例, 财税〔2018〕80号 ────────────────────────

CONSTRUCTION = {"city": 7, "town": 5, "elsewhere": 1}


def surcharges():
    carried = defaultdict(int)
    for row in sorted(rows("surcharges.csv"), key=lambda row: (row["date"], row["id"])):
        on, vat = day(row["date"]), fen(row["vat"])
        less = 0
        if on >= date(2018, 7, 27):
            less = carried[row["enterprise"]] + fen(row["refunded"] or "0.00")
            carried[row["enterprise"]] = max(less - vat, 0)
        base = max(vat - less, 0) + fen(row["consumption"] or "0.00")
        dues = [half_up(Fraction(base * rate, 100)) for rate in (CONSTRUCTION[row["location"]], 3, 2)]
        # What an insurer pays for the whole country is central, save the local surcharge.
        central = sum(dues[:2]) if row["paid_by"] else 0
        totals["central", on.year] += central
        totals[f"treasury[{row['destination']}]", on.year] += sum(dues) - central


# ── Environment tax: 环境保护税法 art. 9, 11, 13 ──────────────────────────────────────────────────


def exact(text):
    whole, _, part = text.partition(".")
    return Fraction(int(whole + part), 10 ** len(part))


def outlets():
    beijing = {"air": 12_00, "water": 14_00}
    for row in json.loads((HERE / "outlets.json").read_text(encoding="utf-8")):
        rate = beijing[row["medium"]] if row["destination"] == "beijing" else fen(row["stated_rate"])
        stated = []
        for one in row["pollutants"]:
            units = Fraction(half_up(exact(one["kilograms"]) / exact(one["equivalent"]) * 100), 100)
            below = exact(one.get("below", "0%").rstrip("%"))
            part = Fraction(1, 2) if below >= 50 else Fraction(3, 4) if below >= 30 else Fraction(1)
            stated.append((-units, one["name"], half_up(units * rate * part)))
        # The three with most equivalents; none of these is of the first class.
        due = sum(tax for _, _, tax in sorted(stated)[:3])
        totals[f"treasury[{row['destination']}]", day(row["date"]).year] += due


# ── Refunds of VAT: 国发〔2015〕10号, 国发〔2019〕21号, 财预〔2019〕205号 ───────────────────────────


def vat_refunds():
    for row in rows("export_refunds.csv"):
        totals["central", day(row["date"]).year] += fen(row["amount"])
    # The remittance of each year is the amount fixed; a place without one remitted nothing in 2014.
    for row in rows("export_base.csv"):
        for year in (2018, 2019) if row["fixed"] else ():
            totals["central", year] += fen(row["fixed"])
            totals[f"treasury[{row['destination']}]", year] -= fen(row["fixed"])
    advanced = defaultdict(int)
    for row in rows("credit_refunds.csv"):
        on, units = day(row["date"]), fen(row["amount"])
        parts = (50, 15, 35) if on >= date(2019, 9, 1) else (50, 50, 0)
        centre, place, rest = settle(units, [Fraction(units * part, 100) for part in parts])
        totals["central", on.year] += centre
        totals[f"treasury[{row['destination']}]", on.year] += place
        if on >= date(2019, 9, 1):
            totals[f"advance[{row['province']}]", on.year] += rest
            advanced[on.month, row["province"]] += rest
    weights = [(row["province"], fen(row["local_vat"])) for row in rows("vat_share.csv")]
    whole = sum(weight for _, weight in weights)
    for month in sorted({month for month, _ in advanced}):
        # The netting of December is revenue of the next year.
        year = 2020 if month == 12 else 2019
        month_total = 0
        for (other, province), units in advanced.items():
            if other == month:
                totals[f"advance[{province}]", year] -= units
                month_total += units
        borne = settle(month_total, [Fraction(month_total * weight, whole) for _, weight in weights])
        for (province, _), units in zip(weights, borne):
            totals[f"treasury[{province}]", year] += units


# ── The joint product: its agreement ────────────────────────────────────────────────────────────


def product():
    terms = {row["product"]: row for row in rows("products.csv")}
    for row in json.loads((HERE / "product_settlements.json").read_text(encoding="utf-8")):
        added, agreed = fen(row["sales"]) - fen(row["bought_in"]), terms[row["product"]]
        if agreed["method"] == "by_stages":
            weights = [Fraction(fen(one["output"]) - fen(one["input"])) for one in row["stages"]]
        else:
            weights = [Fraction(0) for _ in row["stages"]]
            for field, part in (("wages", "wages_part"), ("depreciation", "plant_part"),
                                ("research", "research_part")):
                spent = [fen(one[field]) for one in row["stages"]]
                weights = [weight + per_cent(agreed[part]) * Fraction(one, sum(spent))
                           for weight, one in zip(weights, spent)]
        shares = [added * weight / sum(weights) for weight in weights]
        for one, units in zip(row["stages"], settle(added, shares)):
            totals[f"benefit[{one['region']}]", day(row["date"]).year] += units


def main():
    Receipts().run()
    head_offices()
    payroll()
    persons()
    surcharges()
    outlets()
    vat_refunds()
    product()
    lines = sorted(f"{account},{year},{yuan(units)}" for (account, year), units in totals.items())
    if len(sys.argv) < 2:
        print("\n".join(["account,year,amount"] + lines))
        print("\npaid in,belongs to,year,amount")
        for (place, account, year), units in sorted(crossed.items()):
            print(f"{place},{account},{year},{yuan(units)}")
        return 0
    given = Path(sys.argv[1]).read_text(encoding="utf-8-sig").split()
    for line in sorted(set(given[1:]) ^ set(lines)):
        print(("only here:  " if line in lines else "only there: ") + line)
    same = sorted(given[1:]) == lines
    print("the same, to the fen" if same else "different")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
