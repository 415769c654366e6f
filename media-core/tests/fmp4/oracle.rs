//! `mp4-atom` reads what we write.
