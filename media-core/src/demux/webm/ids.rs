//! The elements of RFC 9559 that a walk through a file knows, by ID, and where they may stand.

/// Whether an element may stand in a cluster.
pub(super) const fn is_of_cluster(id: u32) -> bool {
    matches!(
        id,
        TIMESTAMP
            | SIMPLE_BLOCK
            | BLOCK_GROUP
            | ENCRYPTED_BLOCK
            | SILENT_TRACKS
            | POSITION
            | PREV_SIZE
            | VOID
            | CRC_32
    )
}

/// Whether an element may stand in a segment but not in a cluster, or begins a file.
pub(super) const fn is_of_segment(id: u32) -> bool {
    matches!(id, EBML | SEGMENT | SEEK_HEAD | INFO | TRACKS | CLUSTER | CUES | CHAPTERS | TAGS | ATTACHMENTS)
}

pub(super) const EBML: u32 = 0x1a45_dfa3;
pub(super) const DOC_TYPE: u32 = 0x4282;
pub(super) const SEGMENT: u32 = 0x1853_8067;
pub(super) const SEEK_HEAD: u32 = 0x114d_9b74;
pub(super) const SEEK: u32 = 0x4dbb;
pub(super) const SEEK_ID: u32 = 0x53ab;
pub(super) const SEEK_POSITION: u32 = 0x53ac;
pub(super) const INFO: u32 = 0x1549_a966;
pub(super) const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
pub(super) const TRACKS: u32 = 0x1654_ae6b;
pub(super) const CUES: u32 = 0x1c53_bb6b;
pub(super) const CHAPTERS: u32 = 0x1043_a770;
pub(super) const TAGS: u32 = 0x1254_c367;
pub(super) const ATTACHMENTS: u32 = 0x1941_a469;
pub(super) const CLUSTER: u32 = 0x1f43_b675;
pub(super) const TIMESTAMP: u32 = 0xe7;
pub(super) const SIMPLE_BLOCK: u32 = 0xa3;
pub(super) const BLOCK_GROUP: u32 = 0xa0;
pub(super) const ENCRYPTED_BLOCK: u32 = 0xaf;
pub(super) const SILENT_TRACKS: u32 = 0x5854;
pub(super) const POSITION: u32 = 0xa7;
pub(super) const PREV_SIZE: u32 = 0xab;
pub(super) const VOID: u32 = 0xec;
pub(super) const CRC_32: u32 = 0xbf;
