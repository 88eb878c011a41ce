//! How people, programs and tables write what is personal, a test for each way.

use super::clean;

fn finds(cases: &[(&str, &str)]) {
    for (input, output) in cases {
        assert_eq!(clean(input), *output, "{input}");
        assert_eq!(clean(output), *output, "{output}");
    }
}

fn leaves(cases: &[&str]) {
    for input in cases {
        assert_eq!(clean(input), *input);
    }
}

#[test]
fn a_secret_is_found_however_a_language_assigns_it() {
    finds(&[
        ("'smtp_password' => 'f00lsg0ld',", "'smtp_password' => '[secret]',"),
        ("\"token\" => \"q7w8e9r0\"", "\"token\" => \"[secret]\""),
        ("apiKey := `q7w8e9r0t1y2`", "apiKey := `[secret]`"),
        ("secret := \"q7w8e9r0t1y2\"", "secret := \"[secret]\""),
        ("<db.password>f00lsg0ld</db.password>", "<db.password>[secret]</db.password>"),
        ("<map_key>a1b2c3d4e5f6g7h8i9</map_key><x/>", "<map_key>[secret]</map_key><x/>"),
        ("DB_PASS=Geheim12", "DB_PASS=[secret]"),
    ]);
    leaves(&[
        "token => token.length",
        "token => hash(token)",
        "t.credentials=`include`",
        "<password>Password</password>",
        "<title>Token 12345</title>",
        "<token>$TOKEN1</token>",
        "state = Iso2022JpKeyScheme::Ascii",
        "a day pass: 12345",
    ]);
}

#[test]
fn a_secret_in_quotes_ends_at_its_quote() {
    finds(&[
        ("\"password\": \"a&b}c1,d\"", "\"password\": \"[secret]\""),
        ("client_secret = 'x;9&zQ>4'", "client_secret = '[secret]'"),
        ("{\\\"token\\\": \\\"a}9&q4;x\\\"}", "{\\\"token\\\": \\\"[secret]\\\"}"),
        ("bearer_token: \"$Q!aK7#cP\"", "bearer_token: \"[secret]\""),
    ]);
    leaves(&[
        "password: \"$DB_PASSWORD\"",
        "password: \"%s\"",
        "password: '%(password)s'",
        "token=%016lx",
    ]);
}

#[test]
fn letters_alone_are_a_secret_where_their_case_was_drawn() {
    finds(&[
        ("access_key: wDqRvGYfEyZgTN", "access_key: [secret]"),
        ("db_password: GuDKDSeLpBkO", "db_password: [secret]"),
    ]);
    leaves(&[
        "token: MyTokenProviderFactory",
        "password: PasswordFieldComponent",
        "secret: AWS_SECRET_NAME",
        "password: correcthorsebattery",
    ]);
}

#[test]
fn keys_of_vendors_have_forms_of_their_own() {
    finds(&[
        (
            "pat9kQ2mZx7Lw4Rt8.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "[secret]",
        ),
        ("use Ab38Q~k4Xm9Lw2Rt7Yv5Zp1Nc8Bd6Hf3Gj0Ks9 now", "use [secret] now"),
        ("4b1dK2mZx7Lw4Rt8Yv5Zp1Nc8Bd6Hf3Gj0KsQaWeRt", "[secret]"),
        ("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", "[secret]"),
    ]);
    leaves(&["4b1d00aa11bb22cc33dd44ee55ff66aa77bb88cc99", "costs 38Q~ or so", "patterns.length"]);
}

#[test]
fn a_row_of_values_holds_each_of_them() {
    finds(&[
        ("7,+1 (824) 286-7460,219-09-9999,4111-1111-1111-1111", "7,[phone],[ssn],[card]"),
        ("\"Jo\",4111111111111111,\"x\"", "\"Jo\",[card],\"x\""),
    ]);
    leaves(&["1,234,567,890", "0,0412345678", "3,4111111111111112,7"]);
}

#[test]
fn a_few_digits_are_a_phone_behind_its_label() {
    finds(&[
        ("Mobile: 81 94 31", "Mobile: [phone]"),
        ("Tel: 22123", "Tel: [phone]"),
        ("Fax: 712-345.", "Fax: [phone]."),
        ("phone number: 312345", "phone number: [phone]"),
        ("call me at 66 72 64 please", "call me at [phone] please"),
        ("66 46 78 office 66 46 79 fax", "[phone] office [phone] fax"),
        ("Desk: 22 743419", "Desk: [phone]"),
        ("669 742 441-Office\\,669 742 442-Fax", "[phone]-Office\\,[phone]-Fax"),
        ("They are not answering at 078-051-154", "They are not answering at [phone]"),
    ]);
    leaves(&[
        "mobile: 12500, desktop: 48211",
        "mobile: 45 123",
        "phones in stock: 81 94 31",
        "2500000 office workers",
        "Phone: 10:30",
        "Tel: 12345.6",
        "Mobile: 12.5",
        "sizes on mobile 32 48 64",
    ]);
}

#[test]
fn an_account_behind_its_word_may_have_another_length() {
    finds(&[
        ("IBAN: NL10 0203 6226 9624 4725 39.", "IBAN: [iban]."),
        ("IBAN: IT47 9273 0521 7723 6671 25", "IBAN: [iban]"),
    ]);
    leaves(&["NL10 0203 6226 9624 4725 39", "IBAN: NL10 or GB29"]);
}

#[test]
fn signs_of_programs_make_no_number_and_no_address() {
    leaves(&[
        "Chrome/33.0.1750.166 Mobile Safari/537.36 OPR/20.0.1396.73172",
        "see JoDoe/8346728) (16 million colours",
        "National Semiconductor LM96163",
        "National Laboratory W-7405-ENG-48",
        "assert(&[f16::E.to_bits()])",
        "key f9:2a:c2:77:29:f9:5c:00",
    ]);
    finds(&[
        ("National ID: 4821 0937 5561", "National ID: [national_id]"),
        ("National Insurance no. QQ 12 34 56 C", "National Insurance no. [national_id]"),
        ("fe80:0:0:0:1:2:3:44", "[ip]"),
    ]);
}
