//! Languages as containers name them, as the three letters of ISO 639-2/T.

use crate::track::Language;

/// The language of a BCP 47 tag (`de`, `de-CH`, `deu`) or of an old Matroska or broadcast code (`ger`); `None` where it is unknown, or nobody
/// says.
pub(crate) fn from_tag(tag: &str) -> Option<Language> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    match primary.as_bytes() {
        &[a, b, c] => from_code([a, b, c]),
        [a, b] => TWO.split(' ').find_map(|entry| {
            let code = entry.as_bytes().strip_prefix(&[*a, *b])?;
            Language::new(*code.first_chunk::<3>()?)
        }),
        _ => None,
    }
}

/// The language of a code of ISO 639-2, where twenty languages have two.
pub(crate) fn from_code(code: [u8; 3]) -> Option<Language> {
    let code = code.map(|letter| letter.to_ascii_lowercase());
    let terminological = BIBLIOGRAPHIC.iter().find(|(old, _)| **old == code).map_or(code, |(_, new)| **new);
    Language::new(terminological)
}

/// The code of ISO 639-2/B, which Matroska's `Language` has.
pub(crate) fn bibliographic(language: Language) -> [u8; 3] {
    let code = language.code();
    BIBLIOGRAPHIC.iter().find(|(_, new)| **new == code).map_or(code, |(old, _)| **old)
}

/// ISO 639-2/B codes that are not those of ISO 639-2/T.
const BIBLIOGRAPHIC: [(&[u8; 3], &[u8; 3]); 20] = [
    (b"alb", b"sqi"),
    (b"arm", b"hye"),
    (b"baq", b"eus"),
    (b"bur", b"mya"),
    (b"chi", b"zho"),
    (b"cze", b"ces"),
    (b"dut", b"nld"),
    (b"fre", b"fra"),
    (b"geo", b"kat"),
    (b"ger", b"deu"),
    (b"gre", b"ell"),
    (b"ice", b"isl"),
    (b"mac", b"mkd"),
    (b"mao", b"mri"),
    (b"may", b"msa"),
    (b"per", b"fas"),
    (b"rum", b"ron"),
    (b"slo", b"slk"),
    (b"tib", b"bod"),
    (b"wel", b"cym"),
];

/// ISO 639-1 codes, each with its ISO 639-2/T code behind it.
const TWO: &str = "aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bibis bmbam bnben bobod \
    brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan dedeu dvdiv dzdzo eeewe elell eneng eoepo esspa etest eueus \
    fafas ffful fifin fjfij fofao frfra fyfry gagle gdgla glglg gngrn guguj gvglv hahau heheb hihin hohmo hrhrv hthat huhun hyhye hzher \
    iaina idind ieile igibo iiiii ikipk ioido isisl itita iuiku jajpn jvjav kakat kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau \
    kskas kukur kvkom kwcor kykir lalat lbltz lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah mimri mkmkd mlmal mnmon mrmar msmsa \
    mtmlt mymya nanau nbnob ndnde nenep ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs papan pipli plpol pspus \
    ptpor quque rmroh rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk slslv smsmo snsna sosom sqsqi srsrp ssssw stsot \
    susun svswe swswa tatam tetel tgtgk ththa titir tktuk tltgl tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven \
    vivie vovol wawln wowol xhxho yiyid yoyor zazha zhzho zuzul";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_codes() {
        let code = |tag| from_tag(tag).map(|language| language.as_str().to_owned());
        let expected = ["deu", "deu", "deu", "deu", "zho", "eng"].map(|code| Some(code.to_owned()));
        assert_eq!(["de", "de-CH", "ger", "deu", "zh-Hant", "EN_us"].map(code), expected);
        assert_eq!(["und", "", "x-none", "english", "qx"].map(code), [const { None }; 5]);
    }

    #[test]
    fn languages_with_two_codes_come_back() {
        for (old, new) in BIBLIOGRAPHIC {
            assert_eq!(from_code(*old).map(bibliographic), Some(*old));
            assert_eq!(from_code(*old), Language::new(*new));
        }
        assert_eq!(from_code(*b"eng").map(bibliographic), Some(*b"eng"));
    }

    #[test]
    fn the_table_is_whole() {
        assert_eq!(TWO.split(' ').count(), 183);
        assert!(TWO.split(' ').all(|entry| entry.len() == 5));
    }
}
