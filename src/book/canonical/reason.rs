//! The bytes of reasons for which events are set aside.

use crate::rows::{Reason, Unreadable};

use super::choice;

choice!(Reason {
    0 => FieldMissing { field },
    1 => DuplicateKey,
    2 => SameOrder,
    3 => NoRow { register, key },
    4 => ManyRows { register, key },
    5 => RowFieldMissing { shape, field },
    6 => NoParameter { parameter, key, day },
    7 => NoSchedule { schedule, day },
    8 => NoRule { pool, amount },
    9 => RulesClash { pool, first, second },
    10 => NoShares,
    11 => NegativeWeight,
    12 => ValueMissing,
    13 => InflowNotWhole,
    14 => EmptySelection,
    15 => NegativeLevy { levy, due },
    16 => BalanceBelowZero { account, key },
    17 => TransferNotWhole { leg },
    18 => NothingToReverse,
    19 => ReversesTooMuch,
    20 => DivisionByZero,
    21 => TooWide,
    22 => DateOutOfRange,
    23 => Unreadable { column, value, why },
});

choice!(Unreadable {
    0 => Ragged { expected, found },
    1 => NotAnAmount,
    2 => ThousandsSeparator,
    3 => TooManyDecimals,
    4 => Exponent,
    5 => PlusSign,
    6 => MissingDigit,
    7 => FullWidth,
    8 => NotANumber,
    9 => NotAnInteger,
    10 => NotADate,
    11 => NotAPeriod,
    12 => NotABool,
    13 => UnknownMember,
    14 => OutOfRange,
    15 => Missing,
    16 => NotAList,
    17 => NotText,
    18 => Quote,
    19 => NotJson,
    20 => NotARecord,
    21 => RepeatedField,
    22 => BareRate,
});
