//! What logs call the columns that logsum needs: the usual names of servers and CDNs, whatever their case and punctuation.

/// What a column is to logsum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The day alone.
    Day,
    /// The time of day alone.
    Time,
    /// Day and time.
    Moment,
    /// The bytes of the response.
    Size,
    /// What was asked for.
    Url,
    /// The request line, with what was asked for in it.
    Request,
    /// The status of the response.
    Status,
    /// The host that was asked.
    Host,
    /// The media type of the response.
    ContentType,
}

const DAY: &[&str] = &["date"];
const TIME: &[&str] = &["time"];
/// `date` and `time` are late: they may be a day or a time alone; a request time may be how long it took.
const MOMENT: &[&str] = &[
    "timestamp",
    "timestampms",
    "datetime",
    "timeiso8601",
    "timelocal",
    "msec",
    "startutc",
    "reqtimesec",
    "edgestarttimestamp",
    "requesttimestamp",
    "starttime",
    "timestart",
    "eventtime",
    "ts",
    "date",
    "time",
    "requesttime",
];
/// The whole response before its body: where a log has both, the one that was sent counts.
const SIZE: &[&str] = &[
    "size",
    "scbytes",
    "bytes",
    "bytessent",
    "sentbytes",
    "bytesout",
    "edgeresponsebytes",
    "responsebytes",
    "responsesize",
    "respbytes",
    "respsize",
    "downstreamcontentsize",
];
/// The body of the response alone.
const BODY_SIZE: &[&str] = &[
    "bodybytessent",
    "bodybytes",
    "responsebodysize",
    "respbodysize",
    "responsebodybytes",
    "edgeresponsebodybytes",
    "respbodybytes",
    "contentlength",
];
const URL: &[&str] = &[
    "url",
    "csuristem",
    "requesturi",
    "requesturl",
    "uri",
    "requestpath",
    "reqpath",
    "clientrequesturi",
    "clientrequestpath",
    "originalurl",
    "path",
    "urlpath",
    "uripath",
];
const REQUEST: &[&str] = &["request", "requestline", "firstline"];
const STATUS: &[&str] = &[
    "scstatus",
    "status",
    "statuscode",
    "httpstatuscode",
    "httpstatus",
    "responsestatus",
    "responsestatuscode",
    "responsecode",
    "edgeresponsestatus",
    "edgeresponsestatuscode",
    "downstreamstatus",
    "respstatus",
    "respstatuscode",
];
const HOST: &[&str] = &[
    "xhostheader",
    "cshost",
    "host",
    "vhost",
    "httphost",
    "clientrequesthost",
    "requesthost",
    "reqhost",
    "hostname",
    "virtualhost",
    "servername",
];
const CONTENT_TYPE: &[&str] = &[
    "sccontenttype",
    "contenttype",
    "senthttpcontenttype",
    "responsecontenttype",
    "respcontenttype",
    "edgeresponsecontenttype",
    "rspcontenttype",
    "mimetype",
    "mediatype",
    "respheaders.contenttype",
    "responseheaders.contenttype",
];

/// Objects that a server wraps around what it logs; names count without them.
const WRAPPERS: &[&str] =
    &["properties.", "httprequest.", "request.", "response.", "http.", "fields.", "jsonpayload.", "data.", "log."];

impl Role {
    /// Its usual names, in [`plain`] form, the most wanted first.
    fn lists(self) -> [&'static [&'static str]; 2] {
        match self {
            Role::Day => [DAY, &[]],
            Role::Time => [TIME, &[]],
            Role::Moment => [MOMENT, &[]],
            Role::Size => [SIZE, BODY_SIZE],
            Role::Url => [URL, &[]],
            Role::Request => [REQUEST, &[]],
            Role::Status => [STATUS, &[]],
            Role::Host => [HOST, &[]],
            Role::ContentType => [CONTENT_TYPE, &[]],
        }
    }

    /// The most wanted of `names` that this role usually has, as their indexes. Of sizes only the whole responses, if there are.
    pub(super) fn find<'n>(self, names: impl Iterator<Item = &'n str> + Clone) -> Vec<usize> {
        for list in self.lists() {
            let rank = |name: &str| {
                let name = plain(name);
                list.iter().position(|known| *known == name)
            };
            let mut found: Vec<(usize, usize)> =
                names.clone().enumerate().filter_map(|(index, name)| Some((rank(name)?, index))).collect();
            found.sort_by_key(|(rank, _)| *rank);
            if !found.is_empty() {
                return found.into_iter().map(|(_, index)| index).collect();
            }
        }
        Vec::new()
    }

    /// Whether `name` is one of its usual names.
    pub(super) fn is_called(self, name: &str) -> bool {
        let name = plain(name);
        self.lists().iter().any(|list| list.contains(&name.as_str()))
    }
}

/// `name` in lower case, without punctuation but the dots between the names of objects, and without usual wrappers:
/// `properties.requestUri` is `requesturi`.
pub(super) fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric() || *c == '.').flat_map(char::to_lowercase);
    let mut plain: String = kept.collect();
    while let Some(wrapper) = WRAPPERS.iter().find(|wrapper| plain.starts_with(**wrapper)) {
        plain.drain(..wrapper.len());
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_whatever_their_case_and_wrapping() {
        for (role, names, expected) in [
            (Role::Size, &["time", "Body_Bytes_Sent", "bytes-sent"][..], &[2][..]),
            (Role::Size, &["bodyBytesSent"], &[0]),
            (Role::Size, &["sc-bytes", "cs-bytes", "size"], &[2, 0]),
            (Role::Url, &["properties.requestUri", "request.uri"], &[0, 1]),
            (Role::Host, &["cs(Host)", "request.headers.Host"], &[0]),
            (Role::ContentType, &["resp_headers.Content-Type", "request.headers.Content-Type"], &[0]),
            (Role::Moment, &["@timestamp", "timestamp(ms)", "request_duration"], &[0, 1]),
        ] {
            assert_eq!(role.find(names.iter().copied()), expected, "{names:?}");
        }
        assert!(Role::Status.is_called("Status-Code") && !Role::Status.is_called("upstream_status"));
    }
}
