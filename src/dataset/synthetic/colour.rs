//! Colours: linear light in 0..1, from CIELAB for skin, as absorption for pigment.

/// Red, green, blue in linear light, 0..1.
pub type Rgb = [f32; 3];

/// Skin of an individual typology angle in degrees: `ITA = atan((L* - 50) / b*)` (Chardon et al. 1991).
pub fn skin(ita: f32, a: f32, b: f32) -> Rgb {
    let lightness = (50.0 + b * ita.to_radians().tan()).clamp(22.0, 84.0);
    from_lab(lightness, a, b)
}

/// CIELAB (D65) to linear sRGB, clipped.
fn from_lab(l: f32, a: f32, b: f32) -> Rgb {
    let fy = (l + 16.0) / 116.0;
    let unfold = |t: f32| if t > 6.0 / 29.0 { t * t * t } else { (t - 16.0 / 116.0) * 3.0 * (6.0f32 / 29.0).powi(2) };
    let x = 0.950_47 * unfold(fy + a / 500.0);
    let y = unfold(fy);
    let z = 1.088_83 * unfold(fy - b / 200.0);
    let rgb = [
        3.240_454_2 * x - 1.537_138_5 * y - 0.498_531_4 * z,
        -0.969_266 * x + 1.876_010_8 * y + 0.041_556 * z,
        0.055_643_4 * x - 0.204_025_9 * y + 1.057_225_2 * z,
    ];
    rgb.map(|c| c.clamp(0.0, 1.0))
}

/// An sRGB colour of 0..255 in linear light.
pub fn srgb(red: u8, green: u8, blue: u8) -> Rgb {
    [red, green, blue].map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
}

/// Linear light as sRGB, 0..255, not rounded.
pub fn encode(rgb: Rgb) -> Rgb {
    rgb.map(|c| {
        let c = c.clamp(0.0, 1.0);
        255.0 * if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 }
    })
}

/// What is left of light behind pigment of this density: melanin takes blue more than green, green more than red.
pub fn behind_melanin(light: Rgb, density: f32) -> Rgb {
    const ABSORBS: Rgb = [0.75, 1.15, 1.5];
    [0, 1, 2].map(|i| light[i] * (-density * ABSORBS[i]).exp())
}

/// `share` of `b` in `a`.
pub fn mix(a: Rgb, b: Rgb, share: f32) -> Rgb {
    [0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * share.clamp(0.0, 1.0))
}
