//! The answers of the Query protocol: XML in the namespace of the service.

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use oidc_core::NumericDate;
use quick_xml::escape::escape;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::AwsError;

/// Who answers which request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answerer<'a> {
    /// The namespace of the service, `https://sts.amazonaws.com/doc/2011-06-15/`.
    pub(crate) namespace: &'a str,
    /// A UUID of this request alone.
    pub(crate) request_id: &'a str,
}

impl Answerer<'_> {
    /// `200` with `<ActionResponse>`, and in it the elements as `<ActionResult>`; without elements
    /// there is no result either.
    pub(crate) fn result(self, action: &str, elements: &Elements) -> Response<String> {
        let mut response = Elements::new();
        if !elements.0.is_empty() {
            response.raw(&format!("{action}Result"), &elements.0);
        }
        let mut metadata = Elements::new();
        metadata.text("RequestId", self.request_id);
        response.raw("ResponseMetadata", &metadata.0);
        self.respond(StatusCode::OK, &format!("{action}Response"), &response)
    }

    /// The status of the error with `<ErrorResponse>`; with 405 the one method that there is.
    pub(crate) fn error(self, error: &AwsError) -> Response<String> {
        let status = StatusCode::from_u16(error.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let whose = if status.is_client_error() {
            "Sender"
        } else {
            "Receiver"
        };
        let mut response = Elements::new();
        response.group("Error", |inner| {
            inner.text("Type", whose);
            inner.text("Code", error.code);
            inner.text("Message", &error.message);
        });
        response.text("RequestId", self.request_id);
        let mut response = self.respond(status, "ErrorResponse", &response);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            let methods = HeaderValue::from_static("POST");
            response.headers_mut().insert(ALLOW, methods);
        }
        response
    }

    fn respond(self, status: StatusCode, root: &str, elements: &Elements) -> Response<String> {
        let namespace = escape(self.namespace);
        let body = format!("<{root} xmlns=\"{namespace}\">{}</{root}>\n", elements.0);
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        if let Ok(id) = HeaderValue::from_str(self.request_id) {
            headers.insert("x-amzn-requestid", id);
        }
        response
    }
}

/// Elements one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Elements(String);

impl Elements {
    pub(crate) fn new() -> Elements {
        Elements::default()
    }

    /// An element with this text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        // XML 1.0 section 2.2 has no way to write these, escaped or not.
        let unwritable = |char: char| {
            char.is_control() && !matches!(char, '\t' | '\n' | '\r')
                || matches!(char, '\u{fffe}' | '\u{ffff}')
        };
        let text = text.replace(unwritable, "\u{fffd}");
        self.raw(name, &escape(text.as_str()));
    }

    /// An element with these elements in it.
    pub(crate) fn group(&mut self, name: &str, inner: impl FnOnce(&mut Elements)) {
        let mut elements = Elements::new();
        inner(&mut elements);
        self.raw(name, &elements.0);
    }

    fn raw(&mut self, name: &str, xml: &str) {
        for part in ["<", name, ">", xml, "</", name, ">"] {
            self.0.push_str(part);
        }
    }
}

/// A time as the protocol writes it, `2026-09-21T14:13:20Z`.
pub(crate) fn timestamp(time: NumericDate) -> String {
    let time = OffsetDateTime::from_unix_timestamp(time.as_seconds());
    // Every `NumericDate` is in the range of both.
    let text = time.map(|time| time.format(&Rfc3339).unwrap_or_default());
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use oidc_core::NumericDate;

    use super::{Answerer, AwsError, Elements, timestamp};

    const STS: Answerer<'_> = Answerer {
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        request_id: "c6104cbe-af31-11e0-8154-cbc7ccf896c7",
    };

    #[test]
    fn a_result_is_inside_of_the_response_to_its_action() {
        let mut elements = Elements::new();
        elements.text("Token", "a<b>&\"'\u{0}\u{1b}\u{ffff}é");
        elements.group("Credentials", |inner| {
            inner.text("AccessKeyId", "ASIA");
        });
        let response = STS.result("Do", &elements);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/xml");
        assert_eq!(
            response.headers()["x-amzn-requestid"],
            "c6104cbe-af31-11e0-8154-cbc7ccf896c7"
        );
        assert_eq!(
            response.body(),
            "<DoResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><DoResult>\
             <Token>a&lt;b&gt;&amp;&quot;&apos;\u{fffd}\u{fffd}\u{fffd}é</Token>\
             <Credentials><AccessKeyId>ASIA</AccessKeyId></Credentials></DoResult>\
             <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>\
             </ResponseMetadata></DoResponse>\n"
        );
        let empty = STS.result("Do", &Elements::new());
        assert!(!empty.body().contains("Result>"), "{}", empty.body());
    }

    #[test]
    fn an_error_says_whose_it_is() {
        for (status, whose) in [(400, "Sender"), (499, "Sender"), (500, "Receiver")] {
            let response = STS.error(&AwsError::new(status, "Code", "it is <so>"));
            assert_eq!(response.status(), status);
            assert_eq!(
                *response.body(),
                format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
                     <Type>{whose}</Type><Code>Code</Code><Message>it is &lt;so&gt;</Message>\
                     </Error><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>\
                     </ErrorResponse>\n"
                )
            );
        }
    }

    #[test]
    fn a_time_is_utc_to_the_second() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_790_000_000, "2026-09-21T14:13:20Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            let time = NumericDate::from_seconds(seconds).unwrap();
            assert_eq!(timestamp(time), text);
        }
    }
}
