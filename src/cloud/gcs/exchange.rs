//! What every exchange with Google has in common, whether it is about a token or an object.

use futures::{StreamExt as _, future};
use reqwest::header::HeaderValue;

use crate::cloud::{ByteStream, DestinationError};

/// The longest answer that is read into memory, in bytes. Google's are a few KiB.
pub(super) const ANSWER_LIMIT: usize = 256 << 10;

/// The header that a token goes into. It shows itself in no debug text.
pub(super) fn bearer(token: &str) -> Result<HeaderValue, DestinationError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| unbuildable("its token"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// As much of a refusal's body as is worth reading; what cannot be read is left out.
pub(super) async fn beginning(body: ByteStream) -> Vec<u8> {
    let collected = body.take_while(|piece| future::ready(piece.is_ok())).filter_map(|piece| future::ready(piece.ok()));
    let mut collected = std::pin::pin!(collected);
    let mut text = Vec::new();
    while let Some(piece) = collected.next().await {
        text.extend_from_slice(&piece);
        if text.len() > ANSWER_LIMIT {
            break;
        }
    }
    text
}

/// A request that cannot be made, and why.
pub(super) fn unbuildable(what: &str) -> DestinationError {
    DestinationError::Permanent(format!("the request cannot be built: {what}"))
}
