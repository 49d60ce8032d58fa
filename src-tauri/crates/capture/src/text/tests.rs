use super::fonts::Fonts;
use super::layout::layout;
use super::*;
use cosmic_text::fontdb;
use vitrine_media::Plane;

fn draw(style: &TextStyle) -> TextPicture {
    render_text(style).unwrap()
}

/// Opaque pixels per column: where ink is.
fn ink(picture: &TextPicture) -> usize {
    picture.rgba.chunks_exact(4).filter(|p| p[3] > 127).count()
}

fn dejavu_only() -> Fonts {
    let mut database = fontdb::Database::new();
    database.load_font_file("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").unwrap();
    Fonts::from_database(database).unwrap()
}

#[test]
fn chinese_and_latin_in_one_line_have_real_glyphs() {
    let picture = draw(&TextStyle::new("口红 ABC"));
    assert_eq!(picture.missing, Vec::<char>::new());
    // 口 is a box of four strokes with an empty middle; the tofu box of a missing glyph is as wide as it, so it is
    // told apart by the strokes of 红 beside it.
    let alone = |text: &str| draw(&TextStyle::new(text));
    assert!(ink(&alone("红")) > ink(&alone("口")));
    assert!(ink(&alone("A")) > 100 && ink(&alone("B")) > ink(&alone("C")));
    assert_ne!(alone("红").rgba, alone("口").rgba);
    // Han characters are square: two of them are about two em wide.
    let two = alone("口红");
    assert!((90..=104).contains(&two.width), "{}", two.width);
    assert!(picture.width > two.width);
}

#[test]
fn all_the_words_of_a_shop_are_covered() {
    for text in
        ["限时特价 ¥99.00", "买一送一！包邮", "新品上市 · New", "满300减50（仅限今日）", "「口红」№5 50% ✓"]
    {
        assert_eq!(draw(&TextStyle::new(text)).missing, Vec::<char>::new(), "{text}");
    }
}

#[test]
fn a_character_no_font_has_is_named_and_the_rest_is_shown() {
    let mut fonts = dejavu_only();
    let laid_out = layout(&TextStyle::new("ABC 口红口"), &mut fonts).unwrap();
    assert_eq!(laid_out.missing, ['口', '红']);
    assert!(laid_out.glyphs.len() >= 6);
}

#[test]
fn a_text_no_font_covers_is_an_error_that_names_the_characters() {
    let error = layout(&TextStyle::new("口红"), &mut dejavu_only()).unwrap_err();
    assert_eq!(error, TextError::NoGlyphs { characters: "口红".to_owned() });
}

#[test]
fn a_machine_without_fonts_is_told_so() {
    assert_eq!(Fonts::from_database(fontdb::Database::new()).err(), Some(TextError::NoFonts));
    let error = CaptureError::from(TextError::NoFonts);
    assert!(!error.retryable() && error.to_string().contains("install"));
}

#[test]
fn empty_text_is_a_transparent_picture_not_an_error() {
    for text in ["", " ", "\n\n", "\u{200B}"] {
        let picture = draw(&TextStyle::new(text));
        assert!(picture.width >= 2 && picture.height >= 2);
        assert_eq!(ink(&picture), 0, "{text:?}");
    }
}

#[test]
fn odd_text_neither_panics_nor_hangs() {
    let long = "限".repeat(4000);
    for text in [
        "\u{202E}abc\u{202C}",
        "مرحبا שלום 口红",
        "👩‍👩‍👧‍👦🇨🇳",
        "e\u{301}\u{301}\u{301}",
        "\t\ta\r\nb\rc",
        "\u{0}\u{1}\u{7f}",
        &long,
    ] {
        let style = TextStyle { size_px: 12.0, wrap_px: Some(300.0), ..TextStyle::new(text) };
        let _ = render_text(&style).map_err(|e| assert_ne!(e, TextError::Shaper));
    }
    let longer = TextStyle::new("限".repeat(4001));
    assert_eq!(render_text(&longer).unwrap_err(), TextError::TooLong { characters: 4001, limit: 4000 });
}

#[test]
fn numbers_out_of_range_are_refused_by_name() {
    let base = || TextStyle::new("a");
    let shadow = |blur_px| Some(TextShadow { dx_px: 0.0, dy_px: 0.0, blur_px, color: [0; 4] });
    for (style, name) in [
        (TextStyle { size_px: f32::NAN, ..base() }, "size_px"),
        (TextStyle { size_px: 0.0, ..base() }, "size_px"),
        (TextStyle { size_px: 1e9, ..base() }, "size_px"),
        (TextStyle { line_height: 0.0, ..base() }, "line_height"),
        (TextStyle { padding_px: -1.0, ..base() }, "padding_px"),
        (TextStyle { wrap_px: Some(f32::INFINITY), ..base() }, "wrap_px"),
        (TextStyle { weight: 0, ..base() }, "weight"),
        (TextStyle { shadow: shadow(65.0), ..base() }, "shadow.blur_px"),
    ] {
        match render_text(&style) {
            Err(TextError::Style { field, .. }) => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
    let huge = TextStyle { size_px: 1000.0, ..TextStyle::new("口红口红口红口红口红") };
    assert!(matches!(render_text(&huge), Err(TextError::TooLarge { .. })));
}

#[test]
fn lines_wrap_at_the_width_asked_for() {
    let style =
        TextStyle { wrap_px: Some(200.0), ..TextStyle::new("限时特价限时特价 buy one get one") };
    let (wrapped, single) = (draw(&style), draw(&TextStyle { wrap_px: None, ..style.clone() }));
    assert!(wrapped.width <= 204 && wrapped.height > single.height * 2);
    assert!(single.width > 600);
}

#[test]
fn alignment_moves_the_short_line() {
    let at = |align| {
        let picture = draw(&TextStyle { align, ..TextStyle::new("口红口红口红\n口") });
        let row = picture.height as usize * 3 / 4;
        let line = &picture.rgba[row * picture.width as usize * 4..(row + 1) * picture.width as usize * 4];
        line.chunks_exact(4).position(|p| p[3] > 127).unwrap() as i64
    };
    let (left, center, right) = (at(TextAlign::Left), at(TextAlign::Center), at(TextAlign::Right));
    assert!((center - left - 120).abs() <= 2 && (right - left - 240).abs() <= 2, "{left} {center} {right}");
}

#[test]
fn bold_has_more_ink() {
    let bold = TextStyle { weight: 700, ..TextStyle::new("口红 Sale") };
    assert!(ink(&draw(&bold)) > ink(&draw(&TextStyle::new("口红 Sale"))) * 11 / 10);
}

#[test]
fn the_box_has_its_padding_and_round_corners() {
    let plain = draw(&TextStyle::new("口红"));
    let style = TextStyle {
        background: Some([200, 0, 50, 255]),
        padding_px: 20.0,
        radius_px: 16.0,
        ..TextStyle::new("口红")
    };
    let boxed = draw(&style);
    assert_eq!((boxed.width, boxed.height), (plain.width + 40, plain.height + 40));
    let at = |x: u32, y: u32| {
        let start = (y * boxed.width + x) as usize * 4;
        <[u8; 4]>::try_from(&boxed.rgba[start..start + 4]).unwrap()
    };
    assert_eq!(at(0, 0)[3], 0);
    assert_eq!(at(boxed.width - 1, boxed.height - 1)[3], 0);
    assert_eq!(at(boxed.width / 2, 2), [200, 0, 50, 255]);
    assert_eq!(at(2, boxed.height / 2), [200, 0, 50, 255]);
}

#[test]
fn outline_and_shadow_surround_the_letters_and_fit_in_the_picture() {
    let plain = draw(&TextStyle::new("口"));
    let style = TextStyle {
        outline: Some(TextOutline { width_px: 6.0, color: [0, 0, 0, 255] }),
        shadow: Some(TextShadow { dx_px: 8.0, dy_px: 8.0, blur_px: 6.0, color: [0, 0, 0, 128] }),
        ..TextStyle::new("口")
    };
    let styled = draw(&style);
    let count = |p: &TextPicture, color: [u8; 3]| {
        p.rgba.chunks_exact(4).filter(|c| c[..3] == color && c[3] > 200).count()
    };
    assert!(count(&styled, [0, 0, 0]) > 200);
    // The letter itself keeps its colour and size; only its smoothed edge mixes with the outline.
    let (before, after) = (count(&plain, [255; 3]), count(&styled, [255; 3]));
    assert!(after * 10 >= before * 7 && after <= before, "{before} {after}");
    // Nothing is cut: the border of the picture is empty.
    let (w, h) = (styled.width as usize, styled.height as usize);
    let alpha = |x: usize, y: usize| styled.rgba[(y * w + x) * 4 + 3];
    assert!((0..w).all(|x| alpha(x, 0) == 0 && alpha(x, h - 1) <= 8));
}

#[test]
fn the_source_is_a_still_with_premultiplied_alpha() {
    let context = crate::tests_context((1920, 1080));
    let mut source = TextSource::open(&TextStyle::new("口红 ABC"), &context).unwrap();
    assert_eq!(source.pacing(), Pacing::Still);
    let frame = source.read(MediaTime::ZERO).unwrap().unwrap();
    assert!(frame.has_alpha());
    assert!(source.read(MediaTime::from_millis(5000)).unwrap().unwrap().same_pixels(&frame));
    let (luma, alpha) = (frame.plane(Plane::Y), frame.plane(Plane::A));
    assert!(alpha.contains(&255));
    // Premultiplied white: luma follows coverage.
    assert!(
        luma.iter().zip(alpha).take(frame.width() as usize).all(|(&y, &a)| u32::from(y) <= 16 + u32::from(a))
    );
}
