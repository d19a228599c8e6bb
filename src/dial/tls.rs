//! TLS with rustls and ring. The driver always trusts all public authorities in addition to the given one. With `verify-ca`,
//! which does not check names, anybody with a public certificate could then impersonate the server, so signatures by public
//! authorities are refused here.
use std::path::Path;
use std::sync::Arc;

use mysql::SslOpts;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, TrustAnchor,
};

use super::address::{Address, TlsMode};
use super::error::DialError;

/// The driver's TLS options; `None` means no TLS. Installs the process's crypto provider, once.
pub(super) fn options(address: &Address) -> Result<Option<SslOpts>, DialError> {
    let own = match address.ca() {
        Some(path) => {
            authorities(path).map_err(|reason| DialError::Authority { path: path.display().to_string(), reason })?
        }
        None => Vec::new(),
    };
    let options = match address.tls_mode() {
        TlsMode::Disabled => return Ok(None),
        _ if address.socket().is_some() => return Ok(None),
        TlsMode::Preferred | TlsMode::Required => SslOpts::default().with_danger_accept_invalid_certs(true),
        TlsMode::VerifyCa => SslOpts::default().with_danger_skip_domain_validation(true),
        TlsMode::VerifyIdentity => SslOpts::default(),
    };
    let refused = if own.is_empty() { Vec::new() } else { foreign_keys(webpki_roots::TLS_SERVER_ROOTS, &own) };
    // Only the first provider of a process counts. If this one were ignored, its authority would not be enforced.
    let installed = provider(refused).install_default().is_ok();
    if !installed && !own.is_empty() {
        let reason = "another connection of this process has already set up TLS".to_owned();
        return Err(DialError::Tls { server: address.to_string(), reason });
    }
    Ok(Some(match address.ca() {
        Some(path) => options.with_root_cert_path(Some(path.to_owned())),
        None => options,
    }))
}

/// The keys of the authorities in the PEM file at `path`. The error is the reason.
fn authorities(path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("not a PEM file: {error}"))?;
    if certificates.is_empty() {
        return Err("it contains no certificate: a PEM file has a line -----BEGIN CERTIFICATE-----".to_owned());
    }
    certificates
        .iter()
        .map(|certificate| match webpki::anchor_from_trusted_cert(certificate) {
            Ok(anchor) => Ok(anchor.subject_public_key_info.to_vec()),
            Err(error) => Err(format!("it contains a certificate that cannot be read: {error}")),
        })
        .collect()
}

/// The keys of `public` authorities except those in `own`.
fn foreign_keys(public: &[TrustAnchor<'_>], own: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let keys = public.iter().map(|anchor| anchor.subject_public_key_info.to_vec());
    keys.filter(|key| !own.contains(key)).collect()
}

/// ring's crypto provider, except that signatures by the `refused` keys are invalid.
fn provider(refused: Vec<Vec<u8>>) -> CryptoProvider {
    let provider = ring::default_provider();
    if refused.is_empty() {
        return provider;
    }
    let refused: Arc<[Vec<u8>]> = refused.into();
    let wrapped = |algorithm: &&'static dyn SignatureVerificationAlgorithm| {
        let wrapped = Box::new(Refusing { algorithm: *algorithm, refused: Arc::clone(&refused) });
        // rustls needs them for the life of the process. Little leaks: only one connection sets up TLS.
        &*Box::leak(wrapped) as &'static dyn SignatureVerificationAlgorithm
    };
    let known = provider.signature_verification_algorithms;
    let all: Vec<_> = known.all.iter().map(wrapped).collect();
    let signature_verification_algorithms =
        WebPkiSupportedAlgorithms { all: Box::leak(all.into_boxed_slice()), mapping: known.mapping };
    CryptoProvider { signature_verification_algorithms, ..provider }
}

/// A signature check that fails for some keys. Every chain of certificates ends in its authority's signature, so refusing
/// that key refuses the chain.
#[derive(Debug)]
struct Refusing {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    refused: Arc<[Vec<u8>]>,
}

impl SignatureVerificationAlgorithm for Refusing {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        // `public_key` is the key's bits, and a subjectPublicKeyInfo (RFC 5280, 4.1) ends in them.
        if self.refused.iter().any(|info| info.ends_with(public_key)) {
            return Err(InvalidSignature);
        }
        self.algorithm.verify_signature(public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// The key's bits in a subjectPublicKeyInfo: its tail, after the header and the byte that counts unused bits.
    fn key_bits(info: &[u8]) -> &[u8] {
        let length = |at: usize| match info[at] {
            short @ 0..0x80 => (1, usize::from(short)),
            long => (
                1 + usize::from(long & 0x7f),
                info[at + 1..].iter().take(usize::from(long & 0x7f)).fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
            ),
        };
        let (header, algorithm) = length(1);
        let bits = 1 + header + algorithm;
        let (header, bits_total) = length(bits + 1);
        assert_eq!((info[bits], info[bits + 1 + header]), (3, 0), "a BIT STRING of whole bytes");
        let key = &info[bits + 2 + header..];
        assert_eq!(key.len() + 1, bits_total);
        key
    }

    #[test]
    fn every_public_key_is_refused_where_an_own_authority_is_given() {
        let own = vec![webpki_roots::TLS_SERVER_ROOTS[0].subject_public_key_info.to_vec()];
        let refused = foreign_keys(webpki_roots::TLS_SERVER_ROOTS, &own);
        assert!(!refused.contains(&own[0]));
        let strict = provider(refused);
        let known = ring::default_provider().signature_verification_algorithms;
        assert_eq!(strict.signature_verification_algorithms.all.len(), known.all.len());
        for anchor in &webpki_roots::TLS_SERVER_ROOTS[1..] {
            let key = key_bits(&anchor.subject_public_key_info);
            let refusing =
                Refusing { algorithm: known.all[0], refused: Arc::new([anchor.subject_public_key_info.to_vec()]) };
            assert!(refusing.refused.iter().any(|info| info.ends_with(key)));
            assert!(refusing.verify_signature(key, b"", b"").is_err());
        }
    }

    /// A valid chain is invalid once its authority's key is refused: a certificate that a public authority signed does not
    /// pass for the server's.
    #[test]
    fn a_chain_of_a_refused_authority_is_refused() {
        use rustls::RootCertStore;
        use rustls::client::WebPkiServerVerifier;
        use rustls::client::danger::ServerCertVerifier;
        use rustls::pki_types::{ServerName, UnixTime};

        let dir = tempfile::tempdir().unwrap();
        let openssl = |args: &str| {
            let run = std::process::Command::new("openssl").args(args.split(' ')).current_dir(dir.path()).output();
            run.is_ok_and(|run| run.status.success())
        };
        std::fs::write(dir.path().join("san"), "subjectAltName=DNS:db.example").unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        let made = openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=ca"))
            && openssl(&format!("req {key} -keyout own.key -out own.csr -subj /CN=server"))
            && openssl(
                "x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out own.pem",
            );
        if !made {
            assert!(std::env::var("CI").is_err(), "under CI openssl is there");
            return;
        }
        let [authority, own] =
            ["ca.pem", "own.pem"].map(|name| CertificateDer::from_pem_file(dir.path().join(name)).unwrap());
        let authority_key = authorities(&dir.path().join("ca.pem")).unwrap().remove(0);
        let accepts = |refused: Vec<Vec<u8>>| {
            let mut roots = RootCertStore::empty();
            roots.add(authority.clone()).unwrap();
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider(refused)));
            let name = ServerName::try_from("db.example").unwrap();
            verifier.build().unwrap().verify_server_cert(&own, &[], &name, &[], UnixTime::now()).is_ok()
        };
        assert!(accepts(Vec::new()));
        assert!(accepts(foreign_keys(webpki_roots::TLS_SERVER_ROOTS, &[])));
        assert!(!accepts(vec![authority_key]));
    }
}
