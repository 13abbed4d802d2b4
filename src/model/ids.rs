//! Names for things of a rule set: an id is an index into the [`super::RuleSet`]'s list of its kind.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The place in the rule set's list.
            pub fn index(self) -> usize {
                usize::try_from(self.0).unwrap_or(usize::MAX)
            }

            /// The id of the list's next entry, given how many there are.
            pub fn next(count: usize) -> $name {
                $name(u32::try_from(count).unwrap_or(u32::MAX))
            }
        }
    )*};
}

ids! {
    /// A module.
    ModuleId;
    /// A law or circular.
    LawId;
    /// A currency.
    CurrencyId;
    /// An enumeration; regions are one, as a tree.
    EnumerationId;
    /// The shape of a row: of a register, or of the records in a list field.
    ShapeId;
    /// An account or family of accounts.
    AccountId;
    /// A pool.
    PoolId;
    /// An event kind, be it sent, of the calendar, or a stage.
    EventId;
    /// A register.
    RegisterId;
    /// A parameter.
    ParameterId;
    /// A schedule.
    ScheduleId;
    /// A reading.
    ReadingId;
    /// A tally.
    TallyId;
    /// A carry.
    CarryId;
    /// A rule.
    RuleId;
    /// A levy.
    LevyId;
    /// A figure.
    FigureId;
    /// A leg of a rule (or a transfer, or a levy's way into its pool).
    LegId;
    /// A field of an event or of a row shape, by position.
    FieldIx;
    /// A member of an enumeration, by position.
    MemberIx;
    /// A name bound inside one rule, levy, figure or formula, by position.
    LocalIx;
}
