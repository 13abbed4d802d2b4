"""The workloads in SQL, in whole fen: every step is exact.

    python with_duckdb.py w1 receipts.csv alloc.csv agg.csv
    python with_duckdb.py w2 receipts.csv enterprises.csv alloc.csv agg.csv
    python with_duckdb.py w3 salaries.csv withheld.csv agg.csv
"""
import sys

import duckdb

# Shares in two-hundredths, each rounded down, with what is left over; `//` of whole numbers.
SPLIT = """
create view receipts as
    select id, date, tax, enterprise, origin, destination, (amount * 100)::bigint as fen
    from read_csv('{receipts}', header = true, columns = {{
        id: 'BIGINT', date: 'DATE', tax: 'VARCHAR', enterprise: 'VARCHAR', origin: 'VARCHAR',
        destination: 'VARCHAR', amount: 'DECIMAL(18,2)'}});
create view parts as
    select *, abs(fen) as size, sign(fen)::bigint as way,
        tax in ('vat', 'cit') and origin <> destination as across,
        (case when tax = 'vat' and date < date '2016-05-01' then 150 when tax = 'vat' then 100
              when tax in ('cit', 'iit') then 120 when tax = 'consumption' then 200
              else 0 end)::bigint as c,
        case when across then (200 - c) // 2 else 0 end as o,
        200 - c - o as d
    from receipts;
create view down as
    select *, size // 200 * c + size % 200 * c // 200 as cs, size % 200 * c % 200 as cr,
        size // 200 * o + size % 200 * o // 200 as os, size % 200 * o % 200 as orr,
        size // 200 * d + size % 200 * d // 200 as ds, size % 200 * d % 200 as dr,
        (cr + orr + dr) // 200 as missing
    from parts;
create view shares as
    select id, date, enterprise, origin, destination, across,
        way * (cs + ((orr > cr)::int + (dr > cr)::int < missing)::int) as central,
        way * (os + ((cr >= orr)::int + (dr > orr)::int < missing)::int) as to_origin,
        way * (ds + ((cr >= dr)::int + (orr >= dr)::int < missing)::int) as to_destination
    from down;
"""

WITHOUT_CAP = "create view granted as select *, to_origin as granted from shares;"

# The sharing closes with the first row that brings the running total to the cap.
WITH_CAP = """
create view enterprises as
    from read_csv('{enterprises}', header = true, columns = {{
        id: 'VARCHAR', cap: 'DECIMAL(18,2)', relocation_date: 'DATE'}});
create view running as
    select s.*, (e.cap * 100)::bigint as cap,
        across and e.cap > 0 and date <= relocation_date + interval 5 year as inside,
        sum(case when inside then to_origin else 0 end) over earlier as total
    from shares s left join enterprises e on across and e.id = s.enterprise
    window earlier as (partition by across, enterprise order by date, s.id);
create view closing as
    select *, coalesce(sum((inside and total >= cap)::int) over (
        partition by across, enterprise order by date, id
        rows between unbounded preceding and 1 preceding), 0) > 0 as closed
    from running;
create view granted as
    select *, case when not across then to_origin when not inside or closed then 0
                   when total >= cap then cap - (total - to_origin) else to_origin end as granted
    from closing;
"""

ALLOCATE = """
create table alloc as
    select id, account, date_part('year', date) as year, fen from (
        select id, date, 'central' as account, central as fen from granted
        union all select id, date, origin, granted from granted
        union all select id, date, destination, to_destination + to_origin - granted from granted)
    where fen <> 0;
copy (select id, account, fen::decimal(18,0) * 0.01::decimal(3,2) as amount from alloc)
    to '{alloc}' (header);
copy (select account, year, sum(fen)::decimal(30,0) * 0.01::decimal(3,2) as amount
      from alloc group by all order by all) to '{agg}' (header);
"""

# What was withheld so far is the highest rounded tax so far, since nothing is ever paid back.
WITHHOLD = """
create view salaries as
    from read_csv('{salaries}', header = true, columns = {{
        person: 'BIGINT', month: 'INTEGER', salary: 'DECIMAL(18,2)', insurance: 'DECIMAL(18,2)',
        deduction: 'DECIMAL(18,2)'}});
create view so_far as
    select person, month, sum(((salary - 5000 - insurance - deduction) * 100)::bigint)
        over (partition by person order by month)::bigint as taxable
    from salaries;
create view taxed as
    select *, (case when taxable <= 0 then 0
        when taxable <= 3600000 then taxable * 3
        when taxable <= 14400000 then taxable * 10 - 25200000
        when taxable <= 30000000 then taxable * 20 - 169200000
        when taxable <= 42000000 then taxable * 25 - 319200000
        when taxable <= 66000000 then taxable * 30 - 529200000
        when taxable <= 96000000 then taxable * 35 - 859200000
        else taxable * 45 - 1819200000 end + 50) // 100 as tax
    from so_far;
create view highest as
    select *, max(tax) over (partition by person order by month) as top from taxed;
create table withheld as
    select person, month, top - coalesce(lag(top) over (partition by person order by month), 0)
            as withheld,
        withheld // 5 * 3 + (withheld % 5 * 3 + 2) // 5 as central, withheld - central as local
    from highest;
copy (select person, month, {yuan} from withheld) to '{out}' (header);
copy (select month, {sums} from withheld group by month order by month) to '{agg}' (header);
"""


def main():
    workload, *files = sys.argv[1:]
    base = duckdb.connect()
    if workload == "w1":
        receipts, alloc, agg = files
        sql = SPLIT.format(receipts=receipts) + WITHOUT_CAP + ALLOCATE.format(alloc=alloc, agg=agg)
    elif workload == "w2":
        receipts, enterprises, alloc, agg = files
        sql = SPLIT.format(receipts=receipts) + WITH_CAP.format(enterprises=enterprises)
        sql += ALLOCATE.format(alloc=alloc, agg=agg)
    else:
        salaries, out, agg = files
        names = ("withheld", "central", "local")
        yuan = ", ".join(f"{n}::decimal(18,0) * 0.01::decimal(3,2) as {n}" for n in names)
        sums = ", ".join(f"sum({n})::decimal(30,0) * 0.01::decimal(3,2) as {n}" for n in names)
        sql = WITHHOLD.format(salaries=salaries, out=out, agg=agg, yuan=yuan, sums=sums)
    base.execute(sql)


if __name__ == "__main__":
    main()
