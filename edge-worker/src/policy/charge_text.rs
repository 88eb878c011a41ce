//! What is said to an object that limits, and what it says.

use super::rate::{Allowance, Charge, Charged};

/// `<least> <wanted> <per_minute> <bucket>`.
pub fn write_charge(charge: &Charge, bucket: &str) -> String {
    format!("{} {} {} {bucket}", charge.least, charge.wanted, charge.per_minute)
}

/// Reads a charge and its bucket.
pub fn read_charge(text: &str) -> Option<(Charge, &str)> {
    let mut parts = text.splitn(4, ' ');
    let mut number = || parts.next()?.parse().ok();
    let (least, wanted, per_minute) = (number()?, number()?, number()?);
    Some((Charge { least, wanted, per_minute }, parts.next()?))
}

/// `<granted> <limit> <remaining> <reset_s> <retry_after_s>`.
pub fn write_charged(charged: &Charged) -> String {
    let Charged { granted, allowance, retry_after_s } = charged;
    let Allowance { limit, remaining, reset_s } = allowance;
    format!("{granted} {limit} {remaining} {reset_s} {retry_after_s}")
}

/// Reads what became of a charge.
pub fn read_charged(text: &str) -> Option<Charged> {
    let mut parts = text.split(' ');
    let mut number = || parts.next()?.parse().ok();
    let granted = number()?;
    let allowance = Allowance { limit: number()?, remaining: number()?, reset_s: number()? };
    Some(Charged { granted, allowance, retry_after_s: number()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let charge = Charge { least: 1, wanted: 2, per_minute: 3 };
        let text = write_charge(&charge, "a b");
        assert_eq!(read_charge(&text), Some((charge, "a b")));
        let allowance = Allowance { limit: 2, remaining: 3, reset_s: 4 };
        let charged = Charged { granted: 1, allowance, retry_after_s: 5 };
        assert_eq!(read_charged(&write_charged(&charged)), Some(charged));
        assert_eq!((read_charge("1 2 x y"), read_charge("1 2 3")), (None, None));
        assert_eq!(read_charged("1 2"), None);
    }
}
