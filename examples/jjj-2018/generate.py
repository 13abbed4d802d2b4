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


def write_json(name, records):
    text = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (HERE / name).write_text(f"[\n{text}\n]\n", encoding="utf-8")


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
    write_json("filings.json", filed)


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

# ── Parks by area, and the surcharges their tenants file ────────────────────────────────────────

# Tenant, park, day it entered, VAT a quarter, income tax a quarter (fen), and where it is.
TENANTS = [
    ("K01", "P-CZ", "2017-01-01", 310_000_000, 180_000_000, "city"),
    ("K02", "P-CZ", "2018-05-01", 95_000_000, 60_000_000, "town"),
    ("K03", "P-DX", "2017-09-01", 240_000_000, 150_000_000, "elsewhere"),
]


def parks(random):
    write_csv("parks.csv", "park,basis,starts,ends", [
        ["P-CZ", "local_share", "2017-01-01", ""], ["P-DX", "gross_tax", "2017-07-01", "2018-11-30"],
    ])
    write_csv("park_taxes.csv", "park,tax",
              [[park, tax] for park in ("P-CZ", "P-DX") for tax in ("vat", "cit")])
    write_csv("park_parties.csv", "park,party,region,from,until,weight,percentage", [
        ["P-CZ", "beijing", "beijing", "2017-01-01", "2018-07-01", "4", ""],
        ["P-CZ", "beijing", "beijing", "2018-07-01", "", "5", ""],
        ["P-CZ", "fund-cz", "", "2017-01-01", "", "2", ""],
        ["P-CZ", "hebei", "hebei", "2017-01-01", "", "4", ""],
        ["P-DX", "beijing", "beijing", "2017-07-01", "", "", "20%"],
        ["P-DX", "hebei", "hebei", "2017-07-01", "", "", "15%"],
    ])
    write_csv("tenants.csv", "enterprise,destination,park,entered,left",
              [[tenant, "hebei", park, entered, ""] for tenant, park, entered, *_ in TENANTS])
    paid, filed = [], []
    for tenant, _, _, vat, income, location in TENANTS:
        for month in (1, 4, 7, 10):
            day = pay_day(random, month)
            amount = about(random, vat)
            paid.append([day, "vat", tenant, amount, ""])
            paid.append([day, "cit", tenant, about(random, income), ""])
            paid.append([day, "stamp", tenant, about(random, vat // 90), ""])
            # K01 had excess input VAT refunded in August.
            refunded = 350_000_000 if (tenant, month) == ("K01", 10) else 0
            luxury = amount // 5 if tenant == "K03" else 0
            filed.append([day, tenant, "hebei", location, amount, luxury, refunded, ""])
    for month in (1, 4, 7, 10):
        filed.append([date(2018, month, 18), "L02", "beijing", "city",
                      about(random, 260_000_000), 0, 0, "insurance"])
    paid.sort(key=lambda row: row[0])
    first = next(at for at, row in enumerate(paid) if row[1:3] == ["vat", "K02"] and row[0].month == 7)
    paid.append([date(2018, 12, 5), "vat", "K02", -paid[first][3] // 3, f"K{first + 1:04d}"])
    write_csv("park_receipts.csv", "id,date,tax,enterprise,destination,amount,refund_of", [
        [f"K{number:04d}", day.isoformat(), tax, tenant, "hebei", yuan(fen), named]
        for number, (day, tax, tenant, fen, named) in enumerate(paid, 1)
    ])
    filed.sort(key=lambda row: row[0])
    write_csv("surcharges.csv",
              "id,date,enterprise,destination,location,vat,consumption,refunded,paid_by", [
                  [f"U{number:03d}", day.isoformat(), tenant, place, location, yuan(vat),
                   yuan(luxury) if luxury else "", yuan(refunded) if refunded else "", payer]
                  for number, (day, tenant, place, location, vat, luxury, refunded, payer)
                  in enumerate(filed, 1)
              ])


# ── Environment tax, outlet by outlet ───────────────────────────────────────────────────────────

# Name, equivalent in kilogrammes, and kilogrammes of a month.
AIR = [("二氧化硫", "0.95", 9_000), ("氮氧化物", "0.95", 14_000), ("烟尘", "2.18", 6_000),
       ("一氧化碳", "16.7", 40_000)]
WATER = [("化学需氧量", "1", 2_400), ("氨氮", "0.8", 700), ("悬浮物", "4", 5_200),
         ("总磷", "0.25", 90)]
LAST_DAYS = ("03-31", "06-30", "09-30", "12-31")


def outlets(random):
    filed = []
    for last in LAST_DAYS:
        for place, medium, rate, pollutants in (("beijing", "air", "12.00", AIR),
                                                ("hebei", "water", "2.80", WATER)):
            stated = []
            for name, equivalent, kilograms in pollutants:
                facts = {"name": name, "kilograms": str(kilograms * random.between(70, 130) // 100),
                         "equivalent": equivalent, "first_class": False}
                if random.chance(40):
                    facts["below"] = random.pick([("35%", 2), ("50%", 1), ("29.9%", 1)])
                stated.append(facts)
            filed.append({"id": f"O{len(filed) + 1:02d}", "date": f"2018-{last}", "destination": place,
                          "medium": medium, "stated_rate": rate, "pollutants": stated})
    write_json("outlets.json", filed)


# ── Refunds: of exports, and of excess input VAT ────────────────────────────────────────────────


def vat_refunds(random):
    write_csv("export_base.csv", "destination,amount,fixed", [
        ["beijing", "4100000.00", "615000.00"], ["tianjin", "8300000.00", "1290400.50"],
        ["hebei", "5200000.00", ""],
    ])
    write_csv("export_refunds.csv", "id,date,destination,amount,services", [
        [f"X{month:02d}", f"2018-{month:02d}-20", random.pick(PLACES[:3]),
         yuan(-about(random, 80_000_000)), "true" if month % 5 == 0 else ""]
        for month in range(1, 13)
    ])
    write_csv("vat_share.csv", "year,province,local_vat", [
        ["2018", "beijing", "161400000000.00"], ["2018", "tianjin", "55200000000.00"],
        ["2018", "hebei", "107300000000.00"], ["2018", "shanghai", "168000000000.00"],
        ["2018", "shandong", "149900000000.00"], ["2018", "sichuan", "95700000000.00"],
    ])
    days = ["2018-07-20", "2018-08-15", "2018-08-31", "2018-09-12",
            "2019-08-30", "2019-09-02", "2019-09-18", "2019-10-10", "2019-10-24", "2019-11-07",
            "2019-11-28", "2019-12-12", "2019-12-31"]
    rows = []
    for number, day in enumerate(days, 1):
        place = random.pick(PLACES)
        province = "hebei" if place == "xiongan" else place
        rows.append([f"C{number:02d}", day, place, province, yuan(-about(random, 700_000_000))])
    # One enterprise gives back what it had too much.
    rows.insert(-1, ["C99", "2019-12-20", rows[6][2], rows[6][3], "1250000.37"])
    write_csv("credit_refunds.csv", "id,date,destination,province,amount", rows)


# ── A joint product ─────────────────────────────────────────────────────────────────────────────


def product(random):
    write_csv("products.csv", "product,method,wages_part,plant_part,research_part", [
        ["BAT", "by_factors", "40%", "30%", "30%"], ["BUS", "by_stages", "", "", ""],
    ])
    filed = []
    for last in LAST_DAYS:
        for name, scale in (("BAT", 100_000_000), ("BUS", 60_000_000)):
            # BUS loses money in its third quarter.
            bought = scale * 11 // 10 if (name, last) == ("BUS", "09-30") else scale * 2 // 5
            stages = []
            for region in ("beijing", "tianjin", "hebei"):
                spent = about(random, scale // 5)
                stages.append({
                    "region": region, "output": yuan(spent + about(random, scale // 6)),
                    "input": yuan(spent), "wages": yuan(about(random, scale // 14)),
                    "depreciation": yuan(about(random, scale // 25)),
                    "research": yuan(about(random, scale // 30) if region == "beijing" else 0),
                })
            filed.append({"id": f"B{len(filed) + 1:02d}", "date": f"2018-{last}", "product": name,
                          "sales": yuan(about(random, scale)), "bought_in": yuan(bought),
                          "stages": stages})
    write_json("product_settlements.json", filed)


# ── Persons who are paid no wage ────────────────────────────────────────────────────────────────


def fees(random):
    rows = []
    for number in range(1, 49):
        kind = random.pick([("labour_service", 6), ("manuscript", 2), ("royalty", 2)])
        paid = random.pick([(random.between(500, 4_000), 3), (random.between(4_001, 25_000), 5),
                            (random.between(25_001, 120_000), 2)])
        rows.append([f"F{number:03d}", date(2018, 1 + (number - 1) // 4, 25).isoformat(),
                     f"A{random.between(1, 20):02d}", "E900", random.pick(PLACES[:3]), kind,
                     yuan(paid * 100 + random.between(0, 99))])
    write_csv("fees.csv", "id,date,person,payer,destination,kind,receipts", rows)


def flat_income(random):
    rows = []
    for number in range(1, 37):
        kind = random.pick([("interest", 4), ("lease", 4), ("transfer_of_property", 1), ("windfall", 1)])
        high = {"interest": 60_000, "lease": 9_000, "transfer_of_property": 3_000_000,
                "windfall": 30_000}[kind]
        paid = random.between(600, high) * 100 + random.between(0, 99)
        cost = yuan(paid * random.between(40, 120) // 100) if kind == "transfer_of_property" else ""
        given = yuan(paid * random.between(5, 60) // 100) if random.chance(15) else ""
        rows.append([f"G{number:03d}", date(2018, 1 + (number - 1) // 3, 26).isoformat(),
                     f"A{random.between(1, 20):02d}", "E901", random.pick(PLACES[:3]), kind,
                     yuan(paid), cost, given])
    write_csv("flat_income.csv", "id,date,person,payer,destination,kind,receipts,cost,donations", rows)


def main():
    random = Random(SEED)
    receipts(random)
    registers(random)
    filings()
    projects(random)
    payroll(random)
    # A sequence of its own: more kinds of data do not change those above.
    random = Random(SEED + 1)
    parks(random)
    outlets(random)
    vat_refunds(random)
    product(random)
    fees(random)
    flat_income(random)


if __name__ == "__main__":
    main()
