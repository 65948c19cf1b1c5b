//! Enums whose values have a name in configs and on command lines.

/// `Display` and `FromStr` of an enum that has `ALL` and `name`. `$what` begins the error of a name that nothing has: "no
/// kind of corpus".
macro_rules! known_by_name {
    ($kind:ident, $what:literal) => {
        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> $crate::error::Result<Self> {
                let known = Self::ALL.iter().copied();
                known.clone().find(|kind| kind.name() == text).ok_or_else(|| {
                    let names: Vec<_> = known.map(Self::name).collect();
                    let problem = format!("{} is called \"{text}\": it is one of {}", $what, names.join(", "));
                    $crate::error::Error::Config(problem)
                })
            }
        }
    };
}

pub(crate) use known_by_name;
