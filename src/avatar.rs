//! Pictures of agents: whatever an agent has, redrawn small. What customers get is drawn by us, so nothing of the
//! file but its looks comes through: no place where it was taken, no second file hidden in it.
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{
    DynamicImage, ExtendedColorType, GenericImageView, ImageDecoder, ImageFormat, ImageReader, Limits,
    RgbaImage,
};
use std::io::Cursor;
use tokio::sync::Semaphore;
use weikefu_core::error::Refusal;

/// The largest file, bytes.
pub(crate) const MAX_BYTES: u64 = 5 << 20;
/// The most pixels a picture may unfold to: a phone's largest.
const MAX_PIXELS: u64 = 40_000_000;
/// Memory one decoding may take, bytes: 40 million pixels of four bytes, and the decoder's own.
const MAX_MEMORY: u64 = 256 << 20;
/// Width and height of what is kept.
const SIDE: u32 = 256;
/// Of the JPEG encoder, up to 100.
const QUALITY: u8 = 88;

/// Pictures unfold in memory: one after the other, whoever sends them.
static DRAWING: Semaphore = Semaphore::const_new(1);

/// The picture as it is kept: 256 by 256, JPEG, or PNG where one can look through it.
pub(crate) async fn redraw(bytes: Bytes) -> Result<Vec<u8>, Refusal> {
    let _turn = DRAWING.acquire().await.map_err(|_| Refusal::Unavailable)?;
    tokio::task::spawn_blocking(move || redrawn(&bytes))
        .await
        // A panic of a decoder is the picture's fault.
        .unwrap_or_else(|_| Err(unreadable()))
}

fn redrawn(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let picture = decode(bytes)?;
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    let square = imageops::crop_imm(&picture, (width - side) / 2, (height - side) / 2, side, side);
    // Large ones first by averaging, which is quick; the last step decides how it looks.
    let small = if side > 2 * SIDE {
        imageops::thumbnail(&*square, 2 * SIDE, 2 * SIDE)
    } else {
        square.to_image()
    };
    encode(imageops::resize(&small, SIDE, SIDE, FilterType::CatmullRom))
}

/// The first picture of the file, upright.
fn decode(bytes: &[u8]) -> Result<DynamicImage, Refusal> {
    // By its content: the name and the type a browser tells say nothing.
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| unreadable())?;
    let known = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
    ];
    if !reader.format().is_some_and(|format| known.contains(&format)) {
        return Err(refused(
            "头像需要 JPG、PNG、GIF 或 WebP 图片，请换一个文件。",
            "A picture must be JPEG, PNG, GIF or WebP. Choose another file.",
        ));
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| unreadable())?;
    // Before anything is unfolded: a small file can claim to be very large.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_MEMORY {
        return Err(refused(
            "图片尺寸过大（最多 4000 万像素），请缩小后再上传。",
            "The picture is too large (at most 40 million pixels). Make it smaller first.",
        ));
    }
    if width == 0 || height == 0 {
        return Err(unreadable());
    }
    let orientation = decoder.orientation().map_err(|_| unreadable())?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| unreadable())?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn encode(picture: RgbaImage) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let solid = picture.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let written = if solid {
        let flat = DynamicImage::ImageRgba8(picture).into_rgb8();
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode(&flat, SIDE, SIDE, ExtendedColorType::Rgb8)
    } else {
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
    };
    written.map_err(|_| Refusal::Unavailable)?;
    Ok(bytes)
}

fn unreadable() -> Refusal {
    refused(
        "这张图片无法读取，可能已损坏。请换一张，或用画图软件另存后再上传。",
        "This picture cannot be read; the file may be damaged. Choose another, or save it again first.",
    )
}

fn refused(zh: &str, en: &str) -> Refusal {
    Refusal::invalid("avatar", zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba};

    /// Left half red, right half blue, in a format.
    fn halves(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, _| {
            Rgb(if x < width / 2 { [250, 0, 0] } else { [0, 0, 250] })
        });
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    fn colour(picture: &RgbImage, x: u32, y: u32) -> char {
        let Rgb([red, _, blue]) = *picture.get_pixel(x, y);
        if red > blue { 'r' } else { 'b' }
    }

    fn again(bytes: &[u8]) -> RgbImage {
        let picture = image::load_from_memory(bytes).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), (SIDE, SIDE));
        picture
    }

    fn reason(bytes: &[u8]) -> String {
        redrawn(bytes).unwrap_err().to_string()
    }

    #[test]
    fn every_known_format_becomes_a_small_square() {
        for format in [
            ImageFormat::Jpeg,
            ImageFormat::Png,
            ImageFormat::Gif,
            ImageFormat::WebP,
        ] {
            for (width, height) in [(1200, 300), (300, 1200), (40, 30), (1, 1)] {
                let made = redrawn(&halves(width, height, format)).unwrap();
                assert_eq!(&made[..3], b"\xff\xd8\xff", "{format:?}");
                again(&made);
            }
        }
        // The middle is kept: at 1200 by 300 the change of colour stays in the middle.
        let middle = again(&redrawn(&halves(1200, 300, ImageFormat::Png)).unwrap());
        assert_eq!((colour(&middle, 100, 128), colour(&middle, 156, 128)), ('r', 'b'));
    }

    #[test]
    fn a_turned_photo_stands_upright_and_loses_what_it_carried() {
        let mut photo = halves(640, 640, ImageFormat::Jpeg);
        // Exif: orientation 6, to be turned right by a quarter, then a note that must not come through.
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"GPS 39.9042 N");
        let mut segment = vec![0xff, 0xe1];
        segment.extend_from_slice(&(exif.len() as u16 + 2).to_be_bytes());
        segment.extend_from_slice(&exif);
        photo.splice(2..2, segment);
        let made = redrawn(&photo).unwrap();
        let upright = again(&made);
        assert_eq!(
            (colour(&upright, 128, 40), colour(&upright, 128, 216)),
            ('r', 'b')
        );
        for trace in [&b"Exif"[..], b"GPS"] {
            assert!(!made.windows(trace.len()).any(|part| part == trace));
        }
    }

    #[test]
    fn what_one_can_look_through_stays_so() {
        let glass = RgbaImage::from_pixel(300, 300, Rgba([10, 200, 10, 90]));
        let mut bytes = Vec::new();
        glass
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
            .unwrap();
        let made = redrawn(&bytes).unwrap();
        assert!(made.starts_with(b"\x89PNG"));
        let Rgba([_, _, _, alpha]) = *image::load_from_memory(&made)
            .unwrap()
            .into_rgba8()
            .get_pixel(9, 9);
        assert!((80..100).contains(&alpha), "{alpha}");
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for bytes in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<script>alert(1)</script>",
            b"BM\0\0\0\0",
            b"%PDF-1.7",
        ] {
            assert!(reason(bytes).contains("JPEG, PNG"), "{bytes:?}");
        }
        let whole = halves(64, 64, ImageFormat::Png);
        for cut in [8, 20, 40, whole.len() / 2] {
            assert!(reason(&whole[..cut]).contains("cannot be read"), "{cut}");
        }
    }

    #[test]
    fn a_small_file_that_claims_to_be_large_is_refused_before_it_unfolds() {
        // A PNG's size stands in its head, which is all that is read here.
        let mut bomb = halves(64, 64, ImageFormat::Png);
        let (side, at) = (60_000_u32, 16);
        bomb[at..at + 4].copy_from_slice(&side.to_be_bytes());
        bomb[at + 4..at + 8].copy_from_slice(&side.to_be_bytes());
        let head = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&head.to_be_bytes());
        assert!(reason(&bomb).contains("40 million"), "{}", reason(&bomb));
    }

    /// CRC-32 as PNG has it.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 {
                    0xedb8_8320 ^ (crc >> 1)
                } else {
                    crc >> 1
                }
            })
        })
    }
}
