use super::*;

const DDL: &str = include_str!("../../../../schemas/clickhouse/0001_events_raw.sql");

fn parted(text: &str) -> (String, String, u64) {
    let fitted = fit(text);
    (fitted.attributes.into_owned(), fitted.misfit, fitted.misfits)
}

#[test]
fn the_typed_paths_are_the_tables() {
    let in_table: Vec<(String, Column)> = DDL
        .lines()
        .filter_map(|line| line.trim().strip_prefix('`')?.split_once('`'))
        .map(|(path, column)| {
            let column = if column.contains("String") {
                Column::Text
            } else if column.contains("Float64") {
                Column::Number
            } else if column.contains("Int64") {
                Column::Whole
            } else {
                Column::Truth
            };
            (path.to_owned(), column)
        })
        .collect();
    let here: Vec<(String, Column)> =
        TYPED.iter().map(|(path, column)| ((*path).to_owned(), *column)).collect();
    assert_eq!(in_table, here);
}

#[test]
fn what_fits_is_not_touched() {
    for text in [
        "{}",
        r#"{ "thread_id" : "t1", "tokens_consumed": 12, "cost": 1, "success": true }"#,
        r#"{"thread_id":null,"own":{"deep":[1,2.5,"x",{"y":null}]},"e":1e300}"#,
        r#"{"ai":{"tool_name":"search","duration_ms":3.25},"voice.session_id":"v"}"#,
        r#"{"top":18446744073709551615,"low":-9223372036854775808}"#,
    ] {
        assert_eq!(parted(text), (text.to_owned(), String::new(), 0));
        assert!(matches!(fit(text).attributes, Cow::Borrowed(_)));
    }
}

#[test]
fn a_value_of_another_type_goes_beside_its_path() {
    let text =
        r#"{"a":1,"thread_id":7,"ai":{"success":"yes","tool_name":"t"},"tokens_consumed":"12"}"#;
    assert_eq!(
        parted(text),
        (
            r#"{"a":1,"ai":{"tool_name":"t"}}"#.to_owned(),
            r#"{"thread_id":7,"ai.success":"yes","tokens_consumed":"12"}"#.to_owned(),
            3
        )
    );
    assert_eq!(parted(r#"{"action":{"x":1}}"#), ("{}".into(), r#"{"action":{"x":1}}"#.into(), 1));
    assert_eq!(parted(r#"{"cost":[1]}"#), ("{}".into(), r#"{"cost":[1]}"#.into(), 1));
    let escaped = r#"{"ai\u002esuccess":1,"q\"":2}"#;
    assert_eq!(parted(escaped), (r#"{"q\"":2}"#.into(), r#"{"ai.success":1}"#.into(), 1));
}

#[test]
fn numbers_that_the_column_cannot_read_go_beside() {
    let text = r#"{"big":18446744073709551616,"low":-9223372036854775809,"l":[1,[{"x":36893488147419103232}]],"ok":1}"#;
    assert_eq!(
        parted(text),
        (
            r#"{"ok":1}"#.into(),
            r#"{"big":18446744073709551616,"low":-9223372036854775809,"l":[1,[{"x":36893488147419103232}]]}"#
                .into(),
            3
        )
    );
    assert_eq!(parted(r#"{"cost":99999999999999999999}"#).2, 1);
}

#[test]
fn a_whole_number_written_as_a_fraction_is_one() {
    let (kept, misfit, _) = parted(r#"{"tokens_consumed":5.0,"kb":{"results_count":1e2}}"#);
    assert_eq!(
        (kept.as_str(), misfit.as_str()),
        (r#"{"tokens_consumed":5,"kb":{"results_count":100}}"#, "")
    );
    assert_eq!(parted(r#"{"tokens_consumed":5.5}"#).2, 1);
    assert_eq!(parted(r#"{"tokens_consumed":1e300}"#).2, 1);
}
