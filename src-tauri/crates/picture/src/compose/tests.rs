//! Composition against what the eye would expect, and against any geometry at all.

use super::*;
use proptest::prelude::*;

fn pool() -> FramePool {
    FramePool::new(64)
}

/// A frame whose planes hold one value each.
fn flat(pool: &FramePool, size: (u32, u32), [y, u, v]: [u8; 3], alpha: Option<u8>) -> VideoFrame {
    let mut frame = pool.take(size.0, size.1, alpha.is_some()).unwrap();
    for (plane, value) in frame.planes_mut().into_iter().zip([y, u, v, alpha.unwrap_or(0)]) {
        plane.fill(value);
    }
    frame.freeze(MediaTime::ZERO, 0)
}

/// A frame in which every sample of every plane tells where it is.
fn chart(pool: &FramePool, size: (u32, u32)) -> VideoFrame {
    let mut frame = pool.take(size.0, size.1, false).unwrap();
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, p) in row.iter_mut().enumerate() {
                *p = (40 + (x * 3 + y * 5) % 150) as u8;
            }
        }
    }
    frame.freeze(MediaTime::ZERO, 0)
}

fn layer(frame: &VideoFrame, x: f32, y: f32, width: f32, height: f32) -> Layer {
    Layer {
        frame: frame.clone(),
        crop: Crop::default(),
        dest: Rect { x, y, width, height },
        quarter_turns: 0,
        opacity: 1.0,
        cache_key: 1,
    }
}

fn compose(canvas: (u32, u32), layers: &[Layer]) -> VideoFrame {
    Composer::new(pool()).compose(canvas, layers, MediaTime::ZERO, 0).unwrap()
}

fn at(frame: &VideoFrame, plane: Plane, x: usize, y: usize) -> u8 {
    frame.plane(plane)[y * frame.stride(plane) + x]
}

#[test]
fn nothing_visible_is_black_and_only_then() {
    let out = compose((16, 8), &[]);
    assert_eq!([Plane::Y, Plane::U, Plane::V].map(|p| at(&out, p, 3, 3)), [16, 128, 128]);
}

#[test]
fn a_lone_full_picture_is_handed_through() {
    let pool = pool();
    let frame = chart(&pool, (32, 18));
    let mut composer = Composer::new(pool.clone());
    let out = composer
        .compose((32, 18), &[layer(&frame, 0.0, 0.0, 32.0, 18.0)], MediaTime::from_millis(40), 7)
        .unwrap();
    assert!(out.same_pixels(&frame));
    assert_eq!((out.pts, out.seq), (MediaTime::from_millis(40), 7));
    assert_eq!(composer.stats().passed_through, 1);
}

#[test]
fn what_lies_under_an_opaque_full_picture_is_not_drawn() {
    let pool = pool();
    let (below, above) = (flat(&pool, (9, 9), [200, 20, 20], None), chart(&pool, (32, 18)));
    let out = compose((32, 18), &[layer(&below, 1.0, 1.0, 30.0, 9.0), layer(&above, 0.0, 0.0, 32.0, 18.0)]);
    assert!(out.same_pixels(&above));
}

#[test]
fn even_positions_copy_rows_and_clip_at_every_edge() {
    let pool = pool();
    let frame = chart(&pool, (20, 12));
    for (x, y) in [(4i32, 2i32), (-6, -4), (26, 14), (-18, 16)] {
        let out = compose((32, 18), &[layer(&frame, x as f32, y as f32, 20.0, 12.0)]);
        for cy in 0..18i32 {
            for cx in 0..32i32 {
                let inside = (x..x + 20).contains(&cx) && (y..y + 12).contains(&cy);
                let want =
                    if inside { at(&frame, Plane::Y, (cx - x) as usize, (cy - y) as usize) } else { 16 };
                assert_eq!(at(&out, Plane::Y, cx as usize, cy as usize), want);
                let (ux, uy) = (cx / 2, cy / 2);
                let want = if inside {
                    at(&frame, Plane::U, (ux - x / 2) as usize, (uy - y / 2) as usize)
                } else {
                    128
                };
                assert_eq!(at(&out, Plane::U, ux as usize, uy as usize), want);
            }
        }
    }
}

#[test]
fn an_odd_position_shifts_chroma_by_half_a_sample_and_shares_the_edges() {
    let pool = pool();
    let frame = flat(&pool, (8, 8), [100, 200, 60], None);
    let out = compose((16, 16), &[layer(&frame, 3.0, 4.0, 8.0, 8.0)]);
    // Luma 3..11: chroma sample 1 is half covered, 2..5 fully, 5 half.
    let row: Vec<u8> = (0..7).map(|x| at(&out, Plane::U, x, 3)).collect();
    assert_eq!(row, [128, 164, 200, 200, 200, 164, 128]);
    let row: Vec<u8> = (2..12).map(|x| at(&out, Plane::Y, x, 5)).collect();
    assert_eq!(row, [16, 100, 100, 100, 100, 100, 100, 100, 100, 16]);
    // A corner shares with three strangers.
    let out = compose((16, 16), &[layer(&frame, 3.0, 3.0, 8.0, 8.0)]);
    assert_eq!(at(&out, Plane::U, 1, 1), 128 + 72 / 4);
}

#[test]
fn an_odd_canvas_is_covered_to_its_last_sample() {
    let pool = pool();
    let frame = flat(&pool, (8, 8), [100, 200, 60], None);
    let out = compose((7, 5), &[layer(&frame, -1.0, -1.0, 20.0, 20.0)]);
    assert!((0..5).all(|y| (0..7).all(|x| at(&out, Plane::Y, x, y) == 100)));
    assert!((0..3).all(|y| (0..4).all(|x| at(&out, Plane::U, x, y) == 200)));
}

#[test]
fn opacity_and_coverage_mix_by_their_product() {
    let pool = pool();
    let ground = flat(&pool, (16, 16), [216, 128, 128], None);
    // Half covered white: premultiplied luma is 16 + (235 - 16) / 2.
    let veil = flat(&pool, (16, 16), [126, 128, 128], Some(128));
    let mut layers = [layer(&ground, 0.0, 0.0, 16.0, 16.0), layer(&veil, 0.0, 0.0, 16.0, 16.0)];
    layers[1].cache_key = 2;
    let near =
        |out: VideoFrame, want: f32| assert!((f32::from(at(&out, Plane::Y, 8, 8)) - want).abs() <= 1.5);
    near(compose((16, 16), &layers), 225.5);
    layers[1].opacity = 0.5;
    near(compose((16, 16), &layers), 220.7);
    layers[1].opacity = 0.0;
    assert!(compose((16, 16), &layers).same_pixels(&ground));
    layers[1] = Layer { opacity: f32::NAN, ..layers[1].clone() };
    compose((16, 16), &layers);
}

#[test]
fn quarter_turns_move_corners_clockwise() {
    let pool = pool();
    let mut frame = pool.take(16, 8, false).unwrap();
    frame.fill_black();
    let stride = frame.stride(Plane::Y);
    let row = frame.plane_mut(Plane::Y);
    row[0] = 200; // upper left
    row[15] = 100; // upper right
    row[7 * stride] = 150; // lower left
    let frame = frame.freeze(MediaTime::ZERO, 0);
    for (turns, size, left, right, below) in [
        (1u8, (8.0, 16.0), (7, 0), (7, 15), (0, 0)),
        (2, (16.0, 8.0), (15, 7), (0, 7), (15, 0)),
        (3, (8.0, 16.0), (0, 15), (0, 0), (7, 15)),
        (4, (16.0, 8.0), (0, 0), (15, 0), (0, 7)),
    ] {
        let layer = Layer { quarter_turns: turns, ..layer(&frame, 0.0, 0.0, size.0, size.1) };
        let out = compose((20, 20), &[layer]);
        let corners = [left, right, below].map(|(x, y)| at(&out, Plane::Y, x, y));
        assert_eq!(corners, [200, 100, 150], "{turns}");
    }
}

#[test]
fn cropped_pixels_do_not_bleed_into_the_picture() {
    let pool = pool();
    let mut frame = pool.take(64, 64, false).unwrap();
    let [y, u, v, _] = frame.planes_mut();
    y.fill(235);
    u.fill(128);
    v.fill(128);
    let stride = frame.stride(Plane::Y);
    for row in frame.plane_mut(Plane::Y).chunks_mut(stride).skip(16).take(32) {
        row[16..48].fill(50);
    }
    let frame = frame.freeze(MediaTime::ZERO, 0);
    for size in [11.0, 32.0, 64.0, 77.0] {
        let crop = Crop { left: 16, top: 16, right: 16, bottom: 16 };
        let out = compose((80, 80), &[Layer { crop, ..layer(&frame, 0.0, 0.0, size, size) }]);
        let size = size as usize;
        assert!((0..size).all(|y| (0..size).all(|x| at(&out, Plane::Y, x, y) == 50)), "{size}");
    }
}

#[test]
fn a_still_is_scaled_once_and_a_moving_picture_every_frame() {
    let pool = pool();
    let still = chart(&pool, (40, 30));
    let mut composer = Composer::new(pool.clone());
    for n in 0..10 {
        let live = chart(&pool, (40, 30));
        let layers = [
            layer(&still, 0.0, 0.0, 20.0, 15.0),
            Layer { cache_key: 2, ..layer(&live, 20.0, 0.0, 20.0, 15.0) },
        ];
        composer.compose((64, 64), &layers, MediaTime::ZERO, n).unwrap();
    }
    let stats = composer.stats();
    assert_eq!((stats.tiles_made, stats.tiles_reused), (11, 9));
    assert_eq!(pool.stats().in_use, 1, "only the still itself is held");
    assert!(pool.stats().allocated <= 4);
}

#[test]
fn tiles_nobody_uses_are_dropped() {
    let pool = pool();
    let frame = chart(&pool, (40, 30));
    let mut composer = Composer::new(pool);
    for key in 0..400 {
        let layer = Layer { cache_key: key, ..layer(&frame, 0.0, 0.0, 20.0, 15.0) };
        composer.compose((64, 64), &[layer], MediaTime::ZERO, key).unwrap();
    }
    assert!(composer.tiles.len() <= KEEP_FRAMES as usize);
}

#[test]
fn a_mostly_empty_overlay_keeps_only_what_it_covers() {
    let pool = pool();
    let mut frame = pool.take(64, 64, true).unwrap();
    frame.fill_black();
    let (luma, alpha) = (frame.stride(Plane::Y), frame.stride(Plane::A));
    frame.plane_mut(Plane::Y)[10 * luma + 20] = 235;
    frame.plane_mut(Plane::A)[10 * alpha + 20] = 255;
    let overlay = frame.freeze(MediaTime::ZERO, 0);
    let ground = flat(&pool, (64, 64), [99, 90, 170], None);
    let out = compose(
        (64, 64),
        &[
            layer(&ground, 0.0, 0.0, 64.0, 64.0),
            Layer { cache_key: 2, ..layer(&overlay, 0.0, 0.0, 64.0, 64.0) },
        ],
    );
    for y in 0..64 {
        for x in 0..64 {
            let want = if (x, y) == (20, 10) { 235 } else { 99 };
            assert_eq!(at(&out, Plane::Y, x, y), want);
        }
    }
    assert_eq!(at(&out, Plane::U, 10, 5), 100, "a quarter of the way from 90 to neutral");
    assert_eq!(at(&out, Plane::U, 11, 5), 90);
}

prop_compose! {
    fn any_layer(key: u64)(
        size in (1u32..50, 1u32..50), alpha in proptest::option::of(0u8..=255),
        crop in (0u32..60, 0u32..30, 0u32..30, 0u32..60), tight: bool,
        x in -80f32..80.0, y in -80f32..80.0, w in -10f32..120.0, h in -10f32..120.0, one_to_one: bool,
        turns: u8, opacity in -0.2f32..1.2,
    ) -> Layer {
        let frame = flat(&FramePool::new(1), size, [90, 100, 170], alpha);
        let crop = if tight {
            Crop { left: crop.0, top: crop.1, right: crop.2, bottom: crop.3 }
        } else {
            Crop { left: crop.0 % 3, top: crop.1 % 3, right: 0, bottom: 0 }
        };
        let (mut w, mut h) = (w, h);
        if one_to_one {
            (w, h) = ((size.0 as f32 - (crop.left + crop.right) as f32), size.1 as f32 - (crop.top + crop.bottom) as f32);
            if turns % 2 == 1 {
                (w, h) = (h, w);
            }
        }
        Layer { frame, crop, dest: Rect { x, y, width: w, height: h }, quarter_turns: turns, opacity, cache_key: key }
    }
}

/// Any order of any layers, to reach every way of drawing.
fn any_layers() -> impl Strategy<Value = Vec<Layer>> {
    (any_layer(1), any_layer(2), any_layer(3), 0usize..4)
        .prop_map(|(a, b, c, n)| [a, b, c].into_iter().take(n).collect())
}

proptest! {
    #[test]
    fn any_geometry_draws_inside_its_rectangle_and_nowhere_else(
        layer in any_layer(1), canvas in (1u32..90, 1u32..90),
    ) {
        let dest = layer.dest;
        let opaque = !layer.frame.has_alpha() && layer.opacity >= 1.0;
        let crop = layer.crop.left + layer.crop.right < layer.frame.width()
            && layer.crop.top + layer.crop.bottom < layer.frame.height();
        let out = compose(canvas, &[layer]);
        prop_assert_eq!((out.width(), out.height()), canvas);
        let edges = |at: f32, len: f32| (f64::from(at).round(), (f64::from(at) + f64::from(len)).round());
        let ((x0, x1), (y0, y1)) = (edges(dest.x, dest.width), edges(dest.y, dest.height));
        for y in 0..canvas.1 {
            for x in 0..canvas.0 {
                let inside = (x0..x1).contains(&f64::from(x)) && (y0..y1).contains(&f64::from(y));
                let luma = at(&out, Plane::Y, x as usize, y as usize);
                if !inside || !crop {
                    prop_assert_eq!(luma, 16);
                } else if opaque {
                    prop_assert_eq!(luma, 90);
                    let pair_inside = |v: u32, n: u32, (a, b): (f64, f64)| {
                        let (first, last) = (v & !1, (v | 1).min(n - 1));
                        f64::from(first) >= a && f64::from(last) < b
                    };
                    if pair_inside(x, canvas.0, (x0, x1)) && pair_inside(y, canvas.1, (y0, y1)) {
                        prop_assert_eq!(at(&out, Plane::U, x as usize / 2, y as usize / 2), 100);
                        prop_assert_eq!(at(&out, Plane::V, x as usize / 2, y as usize / 2), 170);
                    }
                }
            }
        }
    }

    #[test]
    fn the_same_layers_give_the_same_bytes_with_cold_and_warm_caches(
        layers in any_layers(), canvas in (1u32..90, 1u32..90),
    ) {
        let mut composer = Composer::new(pool());
        let mut bytes = |_| {
            let out = composer.compose(canvas, &layers, MediaTime::ZERO, 0).unwrap();
            [Plane::Y, Plane::U, Plane::V].map(|plane| {
                let (w, h) = crate::plane::size(plane, out.width(), out.height());
                out.plane(plane).chunks(out.stride(plane)).take(h as usize)
                    .flat_map(|row| row[..w as usize].to_vec()).collect::<Vec<u8>>()
            })
        };
        let [first, second] = [0, 1].map(&mut bytes);
        prop_assert_eq!(first, second);
    }
}
