//! The signed examples of RFC 7515, RFC 7520 (the JOSE cookbook), RFC 7797 and RFC 8037.

use serde_json::{Value, json};

use super::{P521, Step, text, vector, verify};

/// The public half of a key that the file gives whole.
fn public(jwk: &Value) -> Value {
    let mut jwk = jwk.clone();
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        jwk.as_object_mut().unwrap().remove(member);
    }
    jwk
}

fn rfc7515(section: &str) -> Value {
    let file = vector!("rfc7515.json");
    let mut cases = file["cases"].as_array().unwrap().iter();
    cases
        .find(|case| case["section"] == section)
        .unwrap()
        .clone()
}

fn compact(case: &Value) -> Result<(), Step> {
    verify(text(&case["compact"]), &case["public_jwk"])
}

#[test]
fn rfc_7515_appendix_a_1_is_an_hmac_and_refused() {
    let case = rfc7515("A.1");
    assert_eq!(
        verify(text(&case["compact"]), &case["jwk"]),
        Err(Step::Header)
    );
}

#[test]
fn rfc_7515_appendix_a_2_is_rs256() {
    assert_eq!(compact(&rfc7515("A.2")), Ok(()));
}

#[test]
fn rfc_7515_appendix_a_3_is_es256() {
    assert_eq!(compact(&rfc7515("A.3")), Ok(()));
}

#[test]
fn rfc_7515_appendix_a_4_is_es512() {
    let expected = if P521 { Ok(()) } else { Err(Step::Algorithm) };
    assert_eq!(compact(&rfc7515("A.4")), expected);
}

#[test]
fn rfc_7515_appendix_a_5_is_unsecured_and_refused() {
    // Its signature is empty.
    assert_eq!(compact(&rfc7515("A.5")), Err(Step::Compact));
    let mut signed = rfc7515("A.5");
    signed["compact"] = format!("{}AA", text(&signed["compact"])).into();
    assert_eq!(compact(&signed), Err(Step::Header));
}

#[test]
fn rfc_7515_appendices_a_6_and_a_7_are_json_and_refused() {
    for section in ["A.6", "A.7"] {
        let case = rfc7515(section);
        let key = &rfc7515("A.3")["public_jwk"];
        assert!(verify(&case["json"].to_string(), key).is_err(), "{section}");
    }
}

#[test]
fn rfc_7515_appendix_e_has_an_unknown_crit_and_is_refused() {
    let mut case = rfc7515("E");
    assert_eq!(compact(&case), Err(Step::Compact));
    case["compact"] = format!("{}AA", text(&case["compact"])).into();
    assert_eq!(compact(&case), Err(Step::Header));
}

#[test]
fn rfc_8037_appendix_a_5_is_eddsa() {
    let file = vector!("rfc8037.json");
    let cases = file["cases"].as_array().unwrap();
    let of = |section: &str| {
        cases
            .iter()
            .find(|case| case["section"] == section)
            .unwrap()
    };
    let (key, jws) = (of("A.2"), of("A.4, A.5"));
    assert_eq!(verify(text(&jws["compact"]), &key["public_jwk"]), Ok(()));
    let other = json!({"kty": "OKP", "crv": "Ed25519",
        "x": "_________________________________________38"});
    assert_eq!(verify(text(&jws["compact"]), &other), Err(Step::Jwk));
}

/// The example, as a compact token, under the public half of its key.
fn cookbook(example: &Value) -> Result<(), Step> {
    verify(
        text(&example["output"]["compact"]),
        &public(&example["input"]["key"]),
    )
}

#[test]
fn rfc_7520_section_4_1_is_rs256() {
    assert_eq!(
        cookbook(&vector!("jose-cookbook/jws/4_1.rsa_v15_signature.json")),
        Ok(())
    );
}

#[test]
fn rfc_7520_section_4_2_is_ps384() {
    assert_eq!(
        cookbook(&vector!("jose-cookbook/jws/4_2.rsa-pss_signature.json")),
        Ok(())
    );
}

#[test]
fn rfc_7520_section_4_3_is_es512() {
    let expected = if P521 { Ok(()) } else { Err(Step::Algorithm) };
    assert_eq!(
        cookbook(&vector!("jose-cookbook/jws/4_3.ecdsa_signature.json")),
        expected
    );
}

#[test]
fn rfc_7520_section_4_4_is_an_hmac_and_refused() {
    let example = vector!("jose-cookbook/jws/4_4.hmac-sha2_integrity_protection.json");
    assert_eq!(cookbook(&example), Err(Step::Header));
}

#[test]
fn rfc_7520_section_4_5_is_detached_and_refused() {
    let example = vector!("jose-cookbook/jws/4_5.signature_with_detached_content.json");
    assert_eq!(cookbook(&example), Err(Step::Compact));
}

#[test]
fn rfc_7520_sections_4_6_to_4_8_have_json_forms_only_and_are_refused() {
    for example in [
        vector!("jose-cookbook/jws/4_6.protecting_specific_header_fields.json"),
        vector!("jose-cookbook/jws/4_7.protecting_content_only.json"),
        vector!("jose-cookbook/jws/4_8.multiple_signatures.json"),
    ] {
        let output = example["output"].as_object().unwrap();
        assert!(!output.contains_key("compact"));
        for form in output.values() {
            let key = example["input"]["key"]
                .get(0)
                .unwrap_or(&example["input"]["key"]);
            assert_eq!(verify(&form.to_string(), &public(key)), Err(Step::Compact));
        }
    }
}

#[test]
fn rfc_7797_examples_are_unencoded_and_refused() {
    let example = vector!("jose-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json");
    let with_compact = vector!("jose-cookbook/rfc7797/hmac-sha2_b64_false.json");
    for example in [&example, &with_compact] {
        for form in ["json", "json_flat"] {
            let form = example["output"][form].to_string();
            assert!(verify(&form, &public(&example["input"]["key"])).is_err());
        }
    }
    // The payload `This is the payload string!` holds spaces.
    assert_eq!(cookbook(&with_compact), Err(Step::Base64Url));
}

#[test]
fn cookbook_curve25519_is_eddsa() {
    assert_eq!(
        cookbook(&vector!("jose-cookbook/curve25519/jws.json")),
        Ok(())
    );
}
