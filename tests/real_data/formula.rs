//! Values that are the same in any language: the zoo's fill formula, as its README has it.

/// Part of a parameter's name that makes it a learnt token or a table of positions.
const TABLES: [&str; 9] = [
    "pos_embed",
    "cls_token",
    "reg_token",
    "register_tokens",
    "dist_token",
    "relative_position_bias_table",
    "mask_token",
    "position_embeddings",
    "rel_pos",
];

/// `count` values from -1 to 1.
pub fn formula(name: &str, count: usize) -> Vec<f32> {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (1..=count as u64)
        .map(|i| {
            let mut z = hash.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            2.0 * ((z >> 40) as f32 / (1u32 << 24) as f32) - 1.0
        })
        .collect()
}

/// The values of a parameter.
pub fn filled(name: &str, shape: &[usize]) -> Vec<f32> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let (offset, factor) = match (last, shape.len()) {
        ("running_mean", _) => (0.0, 0.1),
        ("running_var", _) => (1.0, 0.25),
        _ if TABLES.iter().any(|table| name.contains(table)) => (0.0, 0.1),
        ("weight" | "gamma" | "scale" | "logit_scale" | "lambda1", 0 | 1) => (1.0, 0.1),
        (_, 0 | 1) => (0.0, 0.05),
        _ => (0.0, (6.0 / shape[1..].iter().product::<usize>() as f64).sqrt() as f32),
    };
    formula(name, shape.iter().product()).into_iter().map(|v| offset + factor * v).collect()
}
