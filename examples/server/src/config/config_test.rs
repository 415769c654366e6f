use super::*;

fn yaml(text: &str) -> Result<Loaded, Error> {
    with_environment(text, &[])
}

fn with_environment(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, Error> {
    let mut tree = parse_yaml(FilePath::new("test.yml"), text)?;
    let mut warnings = Vec::new();
    for (name, value) in environment {
        if !overlay(&mut tree, name.strip_prefix("MTX_").expect("a name of ours"), value) {
            warnings.push(format!("{name} unknown"));
        }
    }
    let mut root = Section::new("", tree, &mut warnings);
    let config = Config::read(&mut root)?;
    root.warn_of_the_rest();
    Ok(Loaded { config, warnings })
}

fn refusal(text: &str) -> String {
    yaml(text).expect_err("this must be refused").to_string()
}

fn camera(url: &str, credentials: Option<(&str, &str)>) -> Source {
    let credentials = credentials.map(|(user, password)| (user.to_owned(), password.to_owned()));
    Source::Rtsp(Camera { url: Url::parse(url).expect("a URL"), credentials })
}

#[test]
fn a_whole_file_is_read() {
    let loaded = yaml(
        "logLevel: debug
logStructured: yes
readTimeout: 5s
hlsAddress: 127.0.0.1:9000
hlsVariant: lowLatency
hlsPartDuration: 300ms
hlsSegmentCount: 10
hlsSegmentDuration: 1500ms
hlsAllowOrigins: ['https://a.example', 'https://b.example']
metrics: true
metricsAddress: :9100
pathDefaults:
  rtspTransport: tcp
paths:
  door:
    source: rtsp://admin:p%40ss@10.0.0.2/live
  yard/left:
    source: rtsp://10.0.0.3:8554/stream1?channel=1
    rtspTransport: udp
    dash: no
  demo:
    source: pattern
",
    )
    .expect("a good file");
    let tcp = Transport::Tcp;
    let expected = Config {
        log_level: LogLevel::Debug,
        log_structured: true,
        read_timeout: Duration::from_secs(5),
        hls_address: "127.0.0.1:9000".parse().expect("an address"),
        hls_variant: Variant::LowLatency,
        hls_part_duration: Duration::from_millis(300),
        hls_segment_count: 10,
        hls_segment_duration: Duration::from_millis(1500),
        hls_allow_origins: vec!["https://a.example".to_owned(), "https://b.example".to_owned()],
        metrics_address: Some("0.0.0.0:9100".parse().expect("an address")),
        paths: BTreeMap::from([
            (
                "door".to_owned(),
                Path {
                    source: camera("rtsp://10.0.0.2/live", Some(("admin", "p@ss"))),
                    rtsp_transport: tcp,
                    dash: true,
                },
            ),
            (
                "yard/left".to_owned(),
                Path {
                    source: camera("rtsp://10.0.0.3:8554/stream1?channel=1", None),
                    rtsp_transport: Transport::Udp,
                    dash: false,
                },
            ),
            ("demo".to_owned(), Path { source: Source::Pattern, rtsp_transport: tcp, dash: true }),
        ]),
    };
    assert_eq!(loaded.config, expected);
    assert_eq!(loaded.warnings, Vec::<String>::new());
}

#[test]
fn the_example_is_valid_and_shows_the_defaults() {
    let loaded = yaml(include_str!("../../reelmill.yml")).expect("a good file");
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_eq!(loaded.config.paths.keys().collect::<Vec<_>>(), ["demo", "front/door", "yard"]);
    assert_eq!(Config { paths: BTreeMap::new(), ..loaded.config }, Config::default());
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(yaml("# nothing\n\n").expect("empty is fine").config, Config::default());
}

#[test]
fn unknown_keys_are_named_and_ignored() {
    let loaded =
        yaml("rtmpAddress: :1935\npaths:\n  cam:\n    source: pattern\n    record: yes\n  all_others:\n")
            .expect("usable");
    let mut warnings = loaded.warnings;
    warnings.sort();
    assert_eq!(
        warnings,
        [
            "paths.all_others: paths that match many names are not supported, this one is ignored",
            "unknown key paths.cam.record is ignored",
            "unknown key rtmpAddress is ignored",
        ]
    );
    assert_eq!(loaded.config.paths.keys().collect::<Vec<_>>(), ["cam"]);
}

#[test]
fn wrong_values_are_named() {
    assert_eq!(
        refusal("logLevel: loud\n"),
        "logLevel: found \"loud\", expected one of error, warn, info, debug"
    );
    assert_eq!(
        refusal("hlsSegmentCount: 2\n"),
        "hlsSegmentCount: found 2, expected a whole number from 3 to 1000"
    );
    assert_eq!(
        refusal("hlsVariant: webrtc\n"),
        "hlsVariant: found \"webrtc\", expected one of fmp4, lowLatency, mpegts"
    );
    assert_eq!(
        refusal("hlsPartDuration: 1ms\n"),
        "hlsPartDuration: found \"1ms\", expected a duration of at least 50ms, such as 500ms, 10s or 1m30s"
    );
    assert_eq!(
        refusal("readTimeout: 10\n"),
        "readTimeout: found 10, expected a duration of at least 100ms, such as 500ms, 10s or 1m30s"
    );
    assert_eq!(
        refusal("hlsAddress: somewhere\n"),
        "hlsAddress: found \"somewhere\", expected an address with a port, such as :8888 or 127.0.0.1:8888"
    );
    assert_eq!(
        refusal("paths: [a, b]\n"),
        "paths: found [\"a\",\"b\"], expected a mapping of keys to values"
    );
    assert_eq!(
        refusal("paths:\n  cam:\n    source: pattern\n    dash: maybe\n"),
        "paths.cam.dash: found \"maybe\", expected yes or no"
    );
    assert!(refusal("paths: {../etc: {source: pattern}}\n").starts_with("paths.../etc: found \"../etc\""));
    assert!(refusal("paths: {metrics: {source: pattern}}\n").starts_with("paths.metrics: found \"metrics\""));
    assert!(refusal("a: [1\n").starts_with("\"test.yml\" is not valid YAML"));
}

#[test]
fn variants_are_called_as_they_are_written() {
    for (name, variant) in Variant::NAMES {
        assert_eq!(variant.name(), *name);
        assert_eq!(yaml(&format!("hlsVariant: {name}\n")).expect("good").config.hls_variant, *variant);
    }
}

#[test]
fn the_environment_overrides_the_file() {
    let environment = [
        ("MTX_HLSADDRESS", "127.0.0.1:0"),
        ("MTX_LOGSTRUCTURED", "yes"),
        ("MTX_HLSVARIANT", "mpegts"),
        ("MTX_PATHS_FRONT_DOOR_SOURCE", "rtsp://10.0.0.9/a"),
        ("MTX_PATHS_CAM1_SOURCE", "rtsp://10.0.0.8/b"),
        ("MTX_PATHDEFAULTS_RTSPTRANSPORT", "udp"),
        ("MTX_NOSUCHTHING", "1"),
    ];
    let loaded = with_environment("paths:\n  Cam1:\n    source: pattern\n", &environment).expect("usable");
    assert_eq!(loaded.config.hls_address, "127.0.0.1:0".parse().expect("an address"));
    assert!(loaded.config.log_structured);
    assert_eq!(loaded.config.hls_variant, Variant::MpegTs);
    assert_eq!(loaded.config.paths["front_door"].source, camera("rtsp://10.0.0.9/a", None));
    assert_eq!(loaded.config.paths["Cam1"].source, camera("rtsp://10.0.0.8/b", None));
    assert_eq!(loaded.config.paths["Cam1"].rtsp_transport, Transport::Udp);
    assert_eq!(loaded.warnings, ["MTX_NOSUCHTHING unknown"]);
}

#[test]
fn an_impossible_source_keeps_its_path_and_says_why() {
    let reason = |source: &str| match Source::parse(source) {
        Source::Unusable { found, reason } => (found, reason),
        usable => panic!("{usable:?}"),
    };
    assert_eq!(reason("10.0.0.2/live").1, "bad URL: relative URL without a base");
    assert_eq!(reason("http://u:secret@h/x").0, "http://u:xxx@h/x");
    assert_eq!(reason("http://h/x").1, "bad URL: the scheme is \"http\", expected \"rtsp\"");
    assert_eq!(reason("publisher").1, "publishing to the server is not supported yet");
}

#[test]
fn passwords_stay_out_of_debug_output() {
    assert!(!format!("{:?}", Source::parse("rtsp://me:secret@h/x")).contains("secret"));
}
