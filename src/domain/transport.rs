//! How to talk to a camera. A new way begins here: its name, its word, and the interfaces by which it is known.

use super::UsbDevice;

/// How to talk to a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A USB drive with a file system on it.
    MassStorage,
}

impl Transport {
    /// Each, and the word for it in a profile.
    pub const WORDS: [(&str, Self); 1] = [("mass-storage", Self::MassStorage)];

    /// Whether a device has exactly the interfaces for it. A camera that also is a keyboard is no camera.
    #[must_use]
    pub fn fits(self, device: &UsbDevice) -> bool {
        match self {
            Self::MassStorage => {
                !device.interfaces.is_empty() && device.interfaces.iter().all(|class| class.is_mass_storage())
            }
        }
    }
}
