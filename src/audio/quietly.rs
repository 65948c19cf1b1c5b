//! Decoders are other people's code at work on foreign bytes: where one panics, that is an error of one file.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `work` returns, or nothing where it panics; the panic is not printed. What `work` was busy with must not be used
/// any more after a panic.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                others(panic);
            }
        }));
    });
    let before = QUIET.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    done.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_what_follows_goes_on() {
        assert_eq!(quietly(|| 7), Some(7));
        let empty: Vec<u8> = Vec::new();
        assert_eq!(quietly(|| empty[std::hint::black_box(3)]), None);
        assert!(!QUIET.get());
        assert_eq!(quietly(|| 8), Some(8));
    }
}
