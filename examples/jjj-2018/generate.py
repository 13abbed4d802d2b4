#!/usr/bin/env python3
"""Writes the data of this example: a year of invented receipts of Beijing, Tianjin and Hebei.

    python3 generate.py

Standard library only, no floating point, one fixed seed: the same bytes on every machine. All
enterprises, persons and amounts are invented. What is real is their shape: taxes, dates of payment,
rates, and the conditions the circulars ask for.
"""

import json
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = 2018


class Random:
    """splitmix64, so that no library's generator can change under us."""

    def __init__(self, seed):
        self.state = seed

    def bits(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def between(self, low, high):
        return low + self.bits() % (high - low + 1)

    def chance(self, of_a_hundred):
        return self.between(1, 100) <= of_a_hundred

    def pick(self, weighted):
        ticket = self.between(1, sum(weight for _, weight in weighted))
        for value, weight in weighted:
            ticket -= weight
            if ticket <= 0:
                return value
        raise AssertionError


def yuan(fen):
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def per_cent(fen, rate):
    return fen * rate // 100


def about(random, fen):
    """The amount, give or take three tenths, with odd fen."""
    return fen * random.between(700, 1300) // 1000 + random.between(0, 99)


def month_before(day):
    last = day.replace(day=1) - timedelta(days=1)
    return f"{last.year}-{last.month:02d}"


def pay_day(random, month):
    return date(2018, month, random.between(8, 15))


def write_csv(name, header, rows):
    lines = [header] + [",".join(row) for row in rows]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


# ── Receipts ────────────────────────────────────────────────────────────────────────────────────

RECEIPT = "id,date,tax,enterprise,destination,amount,tax_period,refund_of,listed"
PLACES = [("beijing", 40), ("tianjin", 22), ("hebei", 33), ("xiongan", 5)]
OTHER_TAXES = [
    ("land_vat", 10), ("deed", 14), ("property", 14), ("land_use", 10), ("vessel", 8),
    ("environment", 12), ("resource", 8), ("water_resource", 6), ("vehicle_purchase", 10),
    ("consumption", 6), ("import_vat", 8), ("customs", 6), ("securities_stamp", 4),
    ("farmland", 2), ("business", 3),
]

# Enterprise, place left, place entered, VAT a month, income tax a quarter (fen).
RELOCATED = [
    ("R01", "beijing", "hebei", 2_600_000_000, 1_000_000_000),
    ("R02", "beijing", "tianjin", 500_000_000, 700_000_000),
    ("R03", "beijing", "hebei", 600_000_000, 500_000_000),
    ("R04", "tianjin", "hebei", 260_000_000, 220_000_000),
    ("R05", "beijing", "hebei", 300_000_000, 300_000_000),
    ("R06", "beijing", "xiongan", 800_000_000, 600_000_000),
    ("R07", "beijing", "hebei", 700_000_000, 650_000_000),
    ("R08", "beijing", "hebei", 150_000_000, 90_000_000),
    ("R09", "beijing", "tianjin", 120_000_000, 200_000_000),
    ("R10", "tianjin", "hebei", 420_000_000, 380_000_000),
]


def receipt(day, tax, enterprise, place, fen, period=True, refund_of=None, listed=""):
    return {
        "day": day, "tax": tax, "enterprise": enterprise, "place": place, "fen": fen,
        "period": month_before(day) if period else "", "refund_of": refund_of, "listed": listed,
    }


def turnover(random, rows, day, enterprise, place, vat):
    """VAT, and the tax and the fee that are levied on it."""
    rows.append(receipt(day, "vat", enterprise, place, vat))
    rows.append(receipt(day, "umct", enterprise, place, per_cent(vat, 7)))
    rows.append(receipt(day, "education", enterprise, place, per_cent(vat, 3)))


def ordinary(random, rows):
    for number in range(1, 91):
        enterprise = f"E{number:03d}"
        place = random.pick(PLACES)
        large = number <= 30
        size = random.between(2_000_000, 60_000_000) if large else random.between(50_000, 2_500_000)
        for month in range(1, 13) if large else (1, 4, 7, 10):
            day = pay_day(random, month)
            turnover(random, rows, day, enterprise, place, about(random, size))
            if large:
                rows.append(receipt(day, "iit", enterprise, place, about(random, size // 6)))
        for month in (1, 4, 7, 10):
            day = pay_day(random, month)
            rows.append(receipt(day, "cit", enterprise, place, about(random, size)))
            if large:
                rows.append(receipt(day, "stamp", enterprise, place, about(random, size // 90)))


def others(random, rows):
    for _ in range(240):
        day = date(2018, 1, 2) + timedelta(days=random.between(0, 362))
        tax = random.pick(OTHER_TAXES)
        enterprise = f"E{random.between(1, 90):03d}"
        place = random.pick(PLACES)
        rows.append(receipt(day, tax, enterprise, place, random.between(1_000, 90_000_000), False))
    for month in (1, 4, 7, 10):
        day = date(2018, month, 18)
        rows.append(receipt(day, "cit", "L01", "beijing", about(random, 900_000_000), listed="icbc"))
        turnover(random, rows, day, "L01", "beijing", about(random, 400_000_000))


def relocated(random, rows):
    for enterprise, _, place, vat, income in RELOCATED:
        for month in range(1, 13):
            turnover(random, rows, pay_day(random, month), enterprise, place, about(random, vat))
        for month in (1, 4, 7, 10):
            rows.append(receipt(pay_day(random, month), "cit", enterprise, place, about(random, income)))
    # R01 reaches its cap in autumn; then a refund gives room back.
    rows.append(receipt(date(2018, 11, 26), "vat", "R01", "hebei", -7_300_000_00, False))


def refunds(random, rows):
    paid = [row for row in rows if row["tax"] in ("vat", "cit") and row["day"].month < 11]
    for _ in range(40):
        payment = paid[random.between(0, len(paid) - 1)]
        if payment["fen"] < 0 or payment.get("refunded"):
            continue
        payment["refunded"] = True
        day = payment["day"] + timedelta(days=random.between(20, 55))
        fen = -per_cent(payment["fen"], random.between(5, 60)) - random.between(0, 50)
        named = payment if random.chance(60) else None
        rows.append(receipt(day, payment["tax"], payment["enterprise"], payment["place"], fen,
                            False, named, payment["listed"]))


def receipts(random):
    rows = []
    ordinary(random, rows)
    others(random, rows)
    relocated(random, rows)
    refunds(random, rows)
    rows.sort(key=lambda row: row["day"])
    for number, row in enumerate(rows, 1):
        row["id"] = f"T{number:05d}"
    write_csv("receipts.csv", RECEIPT, [
        [row["id"], row["day"].isoformat(), row["tax"], row["enterprise"], row["place"],
         yuan(row["fen"]), row["period"],
         row["refund_of"]["id"] if row["refund_of"] else "", row["listed"]]
        for row in rows
    ])


# ── Registers ───────────────────────────────────────────────────────────────────────────────────

# Led by government, fits layout, confirmed, registered, in production.
MOVES = {
    "R01": (True, True, True, date(2017, 3, 1), "2018-01-01"),
    "R02": (True, True, True, date(2016, 5, 20), "2018-03-15"),
    "R03": (False, True, True, date(2017, 6, 1), "2017-12-01"),
    "R04": (True, True, True, date(2017, 6, 1), "2018-01-01"),
    "R05": (True, True, True, date(2017, 9, 1), ""),
    "R06": (True, True, True, date(2017, 10, 1), "2018-06-30"),
    "R07": (True, True, True, date(2015, 2, 1), "2018-01-01"),
    "R10": (True, True, True, date(2016, 3, 1), "2018-02-01"),
}

# What each paid a quarter before it moved (fen): VAT, income tax, business tax.
BEFORE = {
    "R01": (1_000_000_000, 600_000_000, 100_000_000),
    "R02": (1_200_000_000, 700_000_000, 60_000_000),
    "R03": (1_500_000_000, 800_000_000, 0),
    "R04": (700_000_000, 450_000_000, 20_000_000),
    "R05": (1_300_000_000, 700_000_000, 0),
    "R06": (1_100_000_000, 650_000_000, 100_000_000),
    "R07": (1_600_000_000, 700_000_000, 0),
    "R10": (100_000_000, 100_000_000, 480_000_000),
}


def flag(value):
    return "true" if value else "false"


def before_the_move(random, enterprise, place, registered):
    """Three years and some, by quarter; the rules choose the three years."""
    vat, income, business = BEFORE[enterprise]
    rows = []
    for year in range(registered.year - 4, registered.year + 1):
        for month in (1, 4, 7, 10):
            day = date(year, month, 15)
            if day >= registered:
                continue
            rows.append((day, "vat", about(random, vat)))
            rows.append((day, "cit", about(random, income)))
            if business and day < date(2016, 5, 1):
                rows.append((day, "business", about(random, business)))
            if random.chance(15):
                rows.append((day + timedelta(days=12), "vat", -about(random, vat // 8)))
    return [[enterprise, place, day.isoformat(), tax, yuan(fen)] for day, tax, fen in rows]


def registers(random):
    moves, before = [], []
    for enterprise, left, entered, _, _ in RELOCATED:
        if enterprise not in MOVES:
            continue
        led, fits, confirmed, registered, production = MOVES[enterprise]
        moves.append([enterprise, entered, left, flag(led), flag(fits), flag(confirmed),
                      registered.isoformat(), production])
        before += before_the_move(random, enterprise, entered, registered)
    write_csv("relocation.csv",
              "enterprise,destination,origin,led_by_government,fits_layout,confirmed,registered,in_production",
              moves)
    write_csv("paid_before.csv", "enterprise,destination,date,tax,amount", before)
    write_csv("covered.csv",
              "enterprise,destination,kind,agreement,signed,starts,ends,basis,yearly_base", [
                  ["R07", "hebei", "prior", "A2014", "2014-12-18", "2015-02-01", "", "local_part", ""],
                  ["R08", "hebei", "park", "P-QHD", "2014-05-12", "2014-05-12", "", "local_part", ""],
                  ["R09", "tianjin", "park", "P-BH", "2016-11-01", "2017-01-01", "2018-10-31",
                   "above_base", "6000000.00"],
              ])
    write_csv("agreed_taxes.csv", "agreement,tax", [
        ["A2014", "vat"], ["A2014", "cit"], ["P-QHD", "vat"], ["P-QHD", "cit"],
        ["P-BH", "vat"], ["P-BH", "cit"], ["P-BH", "umct"],
    ])
    write_csv("parties.csv", "agreement,party,region,weight", [
        ["A2014", "beijing", "beijing", "4"], ["A2014", "hebei", "hebei", "6"],
        ["P-QHD", "beijing", "beijing", "4"], ["P-QHD", "fund-qhd", "", "2"],
        ["P-QHD", "hebei", "hebei", "4"],
        ["P-BH", "beijing", "beijing", "1"], ["P-BH", "tianjin", "tianjin", "1"],
    ])


# ── Head offices ────────────────────────────────────────────────────────────────────────────────

# Code, place, standing, set up, taken over, closed, rate, and the factors of 2017 in yuan.
BRANCHES = {
    "H01": [
        ("H01-TJ", "tianjin", "main", "2009-04-01", None, None, "25%", 412_000_000, 38_500_000, 270_000_000),
        ("H01-HB", "hebei", "main", "2011-08-15", None, None, "25%", 655_300_000, 52_700_000, 811_000_000),
        ("H01-SH", "shanghai", "main", "2014-03-10", None, None, "25%", 298_450_000, 41_200_000, 96_400_000),
        ("H01-RD", "tianjin", "auxiliary", "2012-01-01", None, None, "25%", 0, 9_800_000, 14_000_000),
    ],
    "H02": [
        ("H02-BJ", "beijing", "main", "2008-02-01", None, None, "25%", 187_000_000, 33_000_000, 64_000_000),
        ("H02-SC", "sichuan", "main", "2013-06-01", None, None, "15%", 236_800_000, 21_900_000, 158_000_000),
        ("H02-HB", "hebei", "main", "2010-11-20", None, "2018-08-20", "25%", 91_500_000, 12_600_000, 40_700_000),
        ("H02-XA", "xiongan", "main", "2018-05-08", None, None, "25%", 0, 0, 0),
    ],
    "H03": [
        ("H03-SD", "shandong", "main", "2007-07-01", None, None, "25%", 520_000_000, 61_000_000, 333_000_000),
        ("H03-TJ", "tianjin", "main", "2018-03-01", True, None, "25%", 144_000_000, 18_300_000, 71_900_000),
    ],
}
HEADS = {"H01": "beijing", "H02": "tianjin", "H03": "hebei"}
# Taxable income to date after each quarter, and as settled for the year, in yuan.
INCOME = {
    "H01": (48_230_117, 101_884_390, 163_020_455, 219_377_801, 226_019_364),
    "H02": (17_902_333, 39_118_207, 35_460_012, 52_700_950, 44_183_671),
    "H03": (6_031_220, 15_447_918, 26_118_003, 38_004_559, 39_911_072),
}
PERIODS = [
    ("prepayment", "2018-03-31", "2018-04-16"), ("prepayment", "2018-06-30", "2018-07-16"),
    ("prepayment", "2018-09-30", "2018-10-22"), ("prepayment", "2018-12-31", "2019-01-16"),
    ("settlement", "2018-12-31", "2019-05-20"),
]


def branch(row):
    code, region, standing, set_up, taken_over, closed, rate, revenue, payroll, assets = row
    facts = {"code": code, "region": region, "standing": standing, "set_up": set_up}
    if taken_over:
        facts["taken_over"] = True
    if closed:
        facts["closed"] = closed
    facts.update({"tax_rate": rate, "year": "2017", "revenue": f"{revenue}.00",
                  "payroll": f"{payroll}.00", "assets": f"{assets}.00"})
    return facts


def filings():
    filed = []
    for enterprise, head in HEADS.items():
        for number, (kind, period_end, day) in enumerate(PERIODS):
            filed.append({
                "id": f"{enterprise}-2018-{number + 1}", "date": day, "enterprise": enterprise,
                "head": head, "kind": kind, "period_end": period_end,
                "taxable": f"{INCOME[enterprise][number]}.00", "head_rate": "25%",
                "branches": [branch(row) for row in BRANCHES[enterprise]],
            })
    text = ",\n".join(json.dumps(filing, ensure_ascii=False) for filing in filed)
    (HERE / "filings.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")


def projects(random):
    rows = []
    ends = [("2018-03-31", "2018-04-10"), ("2018-06-30", "2018-07-10"),
            ("2018-09-30", "2018-10-15"), ("2018-12-31", "2019-01-10")]
    for place, size in (("beijing", 3_400_000_000), ("xiongan", 5_100_000_000)):
        for period_end, day in ends:
            rows.append([f"P{len(rows) + 1:02d}", day, "H03", place, period_end,
                         yuan(about(random, size))])
    write_csv("projects.csv", "id,date,enterprise,place,period_end,revenue", rows)


# ── Payroll ─────────────────────────────────────────────────────────────────────────────────────


def payroll(random):
    rows = []
    staff = []
    for number in range(1, 61):
        salary = random.pick([(random.between(5_000, 9_000), 30), (random.between(9_000, 22_000), 45),
                              (random.between(22_000, 60_000), 20), (random.between(60_000, 120_000), 5)])
        since = date(random.between(2008, 2017), random.between(1, 12), 1)
        staff.append((f"S{number:03d}", salary * 100, since))
    for month in range(1, 13):
        for person, salary, since in staff:
            pay = salary + (per_cent(salary, 6) if month >= 7 else 0) + random.between(0, 30_000)
            insurance = per_cent(min(pay, 2_540_100), 22)
            bonus = salary * random.between(1, 4) if month == 2 and random.chance(70) else 0
            rows.append([f"W{len(rows) + 1:04d}", date(2018, month, 28).isoformat(), person,
                         "E900", "beijing", yuan(pay), yuan(insurance), since.isoformat(),
                         yuan(bonus) if bonus else ""])
    write_csv("payroll.csv",
              "id,date,person,employer,destination,salary,insurance,employed_since,bonus", rows)


def main():
    random = Random(SEED)
    receipts(random)
    registers(random)
    filings()
    projects(random)
    payroll(random)


if __name__ == "__main__":
    main()
