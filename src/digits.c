/* SPDX-License-Identifier: MIT */
/* Every image starts from a skeleton: strokes through control points, in one
 * of a few ways of writing the digit. The points are shifted, each a little
 * and all by one smooth warp, joined by cubic splines, and slanted, turned,
 * scaled and placed. A pixel's ink follows from its distance to the nearest
 * piece of stroke.
 *
 * Floats meet + - * /, sqrtf and comparisons only, all correctly rounded, and
 * no libm function, so the bytes are the same everywhere. */
#include "digits.h"

#include "alloc.h"
#include "data.h"
#include "error.h"
#include "random.h"
#include "threads.h"

#include <math.h>

enum {
    SIDE = MLP_DIGITS_SIDE,
    PIXELS = SIDE * SIDE,
    CLASSES = 10,
    BLOCK = 8,   /* pixels that one pass of the inner loop covers */
    STRIDE = 32, /* SIDE rounded up to whole blocks */
    SPAN_PIECES = 5, /* straight pieces a spline span is cut into */
    MAX_POINTS = 16, /* control points of a skeleton */
    MAX_PIECES = MAX_POINTS * SPAN_PIECES,
};

static const uint64_t SEED = 0x6d6c702d64696769; /* "mlp-digi" */

/* Skeletons. */

enum point_kind {
    NONE, /* past the last point */
    SMOOTH,
    CORNER, /* the pen changes direction */
    END,    /* the last point of a stroke */
};

/* x from left, y from top, in hundredths of the digit's height; a digit is 100
 * high and about 60 wide around x = 50. */
struct point {
    uint8_t x, y, kind;
};

struct skeleton {
    uint8_t digit, weight; /* weights of a digit's skeletons add up to 16 */
    struct point points[MAX_POINTS];
};

#define S(x, y) {x, y, SMOOTH}
#define C(x, y) {x, y, CORNER}
#define E(x, y) {x, y, END}

/* Ordered by digit. */
static const struct skeleton SKELETONS[] = {
    /* 0: closed at the top; with the stroke's end running past its start. */
    {0, 10, {S(52, 1), S(25, 23), S(25, 77), S(51, 99), S(76, 76), S(75, 24), E(48, 1)}},
    {0, 6, {S(67, 12), S(38, 4), S(21, 54), S(44, 99), S(77, 74), S(72, 18), E(42, 8)}},
    /* 1: a bar; with a flag; with flag and foot. */
    {1, 8, {C(50, 0), E(50, 100)}},
    {1, 5, {C(36, 24), C(52, 0), E(52, 100)}},
    {1, 3, {C(38, 22), C(52, 0), E(52, 100), C(32, 100), E(72, 99)}},
    /* 2: a flat foot; a loop at the foot; a round foot. */
    {2, 6, {S(24, 24), S(38, 4), S(62, 4), S(75, 24), S(62, 54), C(23, 97), E(80, 97)}},
    {2, 6, {S(24, 20), S(44, 2), S(70, 12), S(71, 38), S(50, 72), S(30, 95), S(20, 86), S(34, 76),
            S(56, 92), E(82, 94)}},
    {2, 4, {S(28, 16), S(50, 2), S(72, 18), S(62, 50), S(38, 78), C(24, 94), S(46, 92), E(80, 99)}},
    /* 3: round; with a flat top. */
    {3, 12, {S(24, 13), S(47, 1), S(71, 13), S(68, 36), C(44, 47), S(72, 57), S(77, 81), S(52, 99),
             E(22, 88)}},
    {3, 4, {C(25, 3), C(74, 3), C(46, 41), S(72, 52), S(78, 79), S(53, 99), E(22, 89)}},
    /* 4: open, round and angular; closed. */
    {4, 6, {S(34, 2), S(27, 30), C(22, 56), E(80, 56), C(68, 22), E(62, 100)}},
    {4, 5, {C(26, 2), C(25, 50), E(78, 50), C(74, 0), E(68, 100)}},
    {4, 5, {C(63, 100), C(63, 1), C(20, 66), E(82, 66)}},
    /* 5: one stroke; with the top bar as a second stroke; round like an S. */
    {5, 7, {C(76, 3), C(33, 3), C(28, 44), S(52, 39), S(76, 58), S(70, 88), S(46, 99), E(22, 91)}},
    {5, 6, {C(34, 5), C(28, 46), S(54, 39), S(77, 60), S(68, 91), S(42, 99), E(22, 91), C(34, 5),
            E(80, 1)}},
    {5, 3, {S(74, 5), S(42, 6), S(30, 27), S(40, 44), S(62, 52), S(76, 72), S(60, 96), E(24, 93)}},
    /* 6: curved; with a straight back. */
    {6, 9, {S(68, 2), S(40, 24), S(22, 62), S(33, 95), S(62, 97), S(76, 75), S(60, 54), S(36, 62),
            E(25, 80)}},
    {6, 7, {S(57, 0), S(36, 40), S(25, 76), S(44, 99), S(69, 90), S(70, 65), S(50, 55),
            E(28, 74)}},
    /* 7: plain; with a bar; with a serif. */
    {7, 8, {C(20, 5), C(78, 4), S(57, 48), E(44, 100)}},
    {7, 5, {C(20, 5), C(78, 4), S(57, 48), E(44, 100), C(36, 52), E(74, 49)}},
    {7, 3, {C(21, 19), C(24, 4), C(80, 4), E(46, 100)}},
    /* 8: one stroke that crosses itself; two rings. */
    {8, 11, {S(70, 14), S(46, 1), S(28, 20), S(44, 43), S(69, 64), S(68, 92), S(46, 99), S(25, 85),
             S(32, 62), S(58, 42), S(72, 23), E(62, 6)}},
    {8, 5, {S(50, 2), S(29, 15), S(32, 40), S(52, 47), S(71, 35), S(69, 11), E(47, 2), S(51, 47),
            S(25, 62), S(27, 90), S(52, 99), S(76, 88), S(73, 60), E(47, 47)}},
    /* 9: with a straight stem; with a curved one. */
    {9, 9, {S(72, 18), S(52, 2), S(28, 15), S(28, 43), S(51, 52), S(70, 36), C(74, 10), S(70, 56),
            E(64, 100)}},
    {9, 7, {S(73, 20), S(52, 2), S(28, 14), S(28, 43), S(50, 53), S(70, 38), C(74, 15), S(76, 56),
            S(64, 90), E(30, 97)}},
};

#undef S
#undef C
#undef E

/* Random numbers of one image, in the order of their use: one draw a full
 * expression, for C leaves the order within one to the compiler. */

enum { LABEL_CALL = 255, CALLS = 256 }; /* generator calls an image may use */

struct draws {
    uint32_t split;
    uint64_t image;
    uint32_t call, left; /* next call; words left of the last one */
    uint32_t words[4];
};

static uint32_t draw_word(struct draws *draws)
{
    if (draws->left == 0) {
        mlp_random(SEED, MLP_RANDOM_DIGITS, draws->split, draws->image * CALLS + draws->call++,
                   draws->words);
        draws->left = 4;
    }
    return draws->words[--draws->left];
}

/* Uniform in [low, high). */
static float draw_between(struct draws *draws, float low, float high)
{
    return low + (high - low) * mlp_random_unit(draw_word(draws));
}

/* In (-1, 1), most often near 0: the difference of two uniform numbers of 16 bits. */
static float draw_around(struct draws *draws)
{
    uint32_t word = draw_word(draws);
    return ((float)(word >> 16) - (float)(word & 0xffff)) * 0x1p-16f;
}

/* The label of an image: of every ten in a row each digit labels one. */
static uint8_t draw_label(uint32_t split, uint64_t image)
{
    uint32_t words[4];
    mlp_random(SEED, MLP_RANDOM_DIGITS, split, image / CLASSES * CLASSES * CALLS + LABEL_CALL,
               words);
    uint8_t order[CLASSES];
    for (uint8_t i = 0; i < CLASSES; i++)
        order[i] = i;
    uint32_t choice = words[0]; /* 10! permutations: the bias is below 10! / 2^32 */
    for (uint32_t i = CLASSES; i > 1; i--) {
        uint32_t j = choice % i;
        choice /= i;
        uint8_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    return order[image % CLASSES];
}

static const struct skeleton *draw_skeleton(struct draws *draws, uint8_t digit)
{
    uint32_t choice = draw_word(draws) >> 28;
    size_t i = 0;
    while (SKELETONS[i].digit != digit)
        i++;
    for (; choice >= SKELETONS[i].weight; i++)
        choice -= SKELETONS[i].weight;
    return &SKELETONS[i];
}

/* From control points to pieces in pixels. */

struct vec {
    float x, y;
};

/* A straight piece of stroke from `at` to `at + along`. */
struct piece {
    struct vec at, along;
    float width; /* of the pen here, relative to the image's */
};

struct path {
    size_t count;
    struct piece pieces[MAX_PIECES];
};

/* p' = (xx * p.x + xy * p.y + x, yx * p.x + yy * p.y + y) */
struct affine {
    float xx, xy, yx, yy, x, y;
};

/* Slant, scale and rotation around the image's middle, then a shift. */
static struct affine draw_affine(struct draws *draws)
{
    float height = 18.0f + 4.0f * draw_around(draws); /* pixels */
    float width = height * (0.95f + 0.35f * draw_around(draws));
    float slant = 0.12f + 0.48f * draw_around(draws);
    float tan_half = 0.17f * draw_around(draws); /* of the angle */
    float scale = 1 / (1 + tan_half * tan_half);
    float cosine = (1 - tan_half * tan_half) * scale, sine = 2 * tan_half * scale;
    float shear = -slant * height;
    float x = 13.5f + 3.3f * draw_around(draws);
    float y = 13.5f + 3.3f * draw_around(draws);
    return (struct affine){
        .xx = cosine * width,
        .xy = cosine * shear - sine * height,
        .yx = sine * width,
        .yy = sine * shear + cosine * height,
        .x = x,
        .y = y,
    };
}

/* The skeleton's points, shifted and mapped to pixels. */
static size_t place_points(struct draws *draws, const struct skeleton *skeleton, struct vec *out)
{
    struct affine map = draw_affine(draws);
    float warp[6];
    for (size_t i = 0; i < 6; i++)
        warp[i] = 0.45f * draw_around(draws);
    float jitter = draw_between(draws, 0.02f, 0.14f);
    size_t count = 0;
    for (; count < MAX_POINTS && skeleton->points[count].kind != NONE; count++) {
        float x = (float)skeleton->points[count].x * 0.01f - 0.5f;
        float y = (float)skeleton->points[count].y * 0.01f - 0.5f;
        float u = x + warp[0] * x * y + warp[1] * y * y + warp[2] * (y * y * y * 4 - y);
        float v = y + warp[3] * x * y + warp[4] * x * x + warp[5] * (y * y - 0.25f);
        u += jitter * draw_around(draws);
        v += jitter * draw_around(draws);
        out[count].x = map.xx * u + map.xy * v + map.x;
        out[count].y = map.yx * u + map.yy * v + map.y;
    }
    return count;
}

/* Tangent of the spline at point i, as Catmull and Rom (1974) chose it; none at
 * corners and ends, where straight strokes stay straight. */
static struct vec tangent(const struct skeleton *skeleton, const struct vec *points, size_t i)
{
    const struct point *point = &skeleton->points[i];
    if (i == 0 || point->kind != SMOOTH || point[-1].kind == END)
        return (struct vec){0, 0};
    return (struct vec){(points[i + 1].x - points[i - 1].x) * 0.5f,
                        (points[i + 1].y - points[i - 1].y) * 0.5f};
}

/* Adds the spline from points[i] to points[i + 1] (Hermite's form). */
static void add_span(struct path *path, const struct skeleton *skeleton, const struct vec *points,
                     size_t i)
{
    struct vec from = points[i], to = points[i + 1], at = from;
    struct vec leave = tangent(skeleton, points, i), arrive = tangent(skeleton, points, i + 1);
    for (int k = 1; k <= SPAN_PIECES; k++) {
        float t = (float)k / SPAN_PIECES, s = 1 - t;
        float w_to = t * t * (3 - 2 * t), w_leave = t * s * s, w_arrive = -t * t * s;
        struct vec next = {
            from.x + w_to * (to.x - from.x) + w_leave * leave.x + w_arrive * arrive.x,
            from.y + w_to * (to.y - from.y) + w_leave * leave.y + w_arrive * arrive.y,
        };
        struct piece *piece = &path->pieces[path->count++];
        piece->at = at;
        piece->along = (struct vec){next.x - at.x, next.y - at.y};
        at = next;
    }
}

/* The pen's pressure, from one value to another along the path; where it leaves
 * the paper for a moment, a piece ends early. */
static void press(struct draws *draws, struct path *path)
{
    float width = 1 + 0.25f * draw_around(draws);
    float step = (1 + 0.25f * draw_around(draws) - width) / (float)path->count;
    for (size_t i = 0; i < path->count; i++)
        path->pieces[i].width = width + step * (float)i;
    uint32_t word = draw_word(draws);
    if (word >> 30 != 0) /* 3 of 4 images have no gap */
        return;
    struct vec *along = &path->pieces[(word & 0xffff) * path->count >> 16].along;
    float gap = draw_between(draws, 2, 5); /* pixels, the rounded ends included */
    float length = sqrtf(along->x * along->x + along->y * along->y);
    float rest = length > gap ? 1 - gap / length : 0;
    along->x *= rest;
    along->y *= rest;
}

/* From pieces to pixels. */

/* Lowers nearest[y][x] to the squared distance from the piece in units of its
 * width, for all pixels within `reach` of it and some more. */
static void spread(const struct piece *piece, float reach, float nearest[SIDE][STRIDE])
{
    struct vec at = piece->at, along = piece->along;
    float left = along.x < 0 ? at.x + along.x : at.x, right = along.x < 0 ? at.x : at.x + along.x;
    float top = along.y < 0 ? at.y + along.y : at.y, bottom = along.y < 0 ? at.y : at.y + along.y;
    left = left - reach < 0 ? 0 : left - reach;
    top = top - reach < 0 ? 0 : top - reach;
    right = right + reach > SIDE - 1 ? SIDE - 1 : right + reach;
    bottom = bottom + reach > SIDE - 1 ? SIDE - 1 : bottom + reach;
    float length2 = along.x * along.x + along.y * along.y;
    float inverse = length2 > 1e-9f ? 1 / length2 : 0;
    float scale = 1 / (piece->width * piece->width);
    for (int y = (int)top; (float)y <= bottom; y++) {
        float dy = (float)y - at.y;
        for (int block = (int)left / BLOCK * BLOCK; (float)block <= right; block += BLOCK) {
            float *row = &nearest[y][block];
            float dx0 = (float)block - at.x;
            for (int i = 0; i < BLOCK; i++) {
                float dx = dx0 + (float)i;
                float t = (dx * along.x + dy * along.y) * inverse;
                t = t > 0 ? t : 0;
                t = t < 1 ? t : 1;
                float ex = dx - t * along.x, ey = dy - t * along.y;
                float distance2 = (ex * ex + ey * ey) * scale;
                row[i] = distance2 < row[i] ? distance2 : row[i];
            }
        }
    }
}

/* Ink by distance, with an edge as wide as `soft` and grain from 8 random bits a pixel. */
static void shade(struct draws *draws, float nearest[SIDE][STRIDE], float radius, float soft,
                  uint8_t *image)
{
    float level = draw_between(draws, 0.65f, 1.0f);
    float grain = draw_between(draws, 0, 1);
    grain = 0.3f * grain * grain * 0x1p-8f;
    float outer = radius + 0.5f * soft, inverse = 1 / soft;
    uint32_t words[SIDE / 4];
    for (int y = 0; y < SIDE; y++) {
        for (int i = 0; i < SIDE / 4; i++)
            words[i] = draw_word(draws);
        for (int x = 0; x < SIDE; x++) {
            float ink = (outer - sqrtf(nearest[y][x])) * inverse;
            ink = ink > 0 ? ink : 0;
            ink = ink < 1 ? ink : 1;
            int noise = (int)(words[x / 4] >> x % 4 * 8 & 0xff) - 128;
            ink = level * ink * ink * (3 - 2 * ink) + grain * (float)noise;
            ink = ink > 0 ? ink : 0;
            ink = ink < 1 ? ink : 1;
            image[y * SIDE + x] = (uint8_t)(int)(ink * 255 + 0.5f);
        }
    }
}

static void draw_digit(uint32_t split, uint64_t image, uint8_t digit, uint8_t *pixels)
{
    struct draws draws = {.split = split, .image = image};
    const struct skeleton *skeleton = draw_skeleton(&draws, digit);
    struct vec points[MAX_POINTS];
    size_t count = place_points(&draws, skeleton, points);
    struct path path = {.count = 0};
    for (size_t i = 0; i + 1 < count; i++)
        if (skeleton->points[i].kind != END)
            add_span(&path, skeleton, points, i);
    press(&draws, &path);
    float radius = draw_between(&draws, 0.6f, 1.7f), soft = draw_between(&draws, 0.8f, 1.8f);
    float nearest[SIDE][STRIDE];
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < STRIDE; x++)
            nearest[y][x] = 4 * SIDE * SIDE;
    for (size_t i = 0; i < path.count; i++)
        spread(&path.pieces[i], (radius + 0.5f * soft) * path.pieces[i].width, nearest);
    shade(&draws, nearest, radius, soft, pixels);
}

mlp_status mlp_digits_create(mlp_split split, mlp_dataset **out, mlp_error *error)
{
    size_t count = split == MLP_TRAIN ? MLP_DIGITS_TRAIN : MLP_DIGITS_TEST;
    uint8_t *images = mlp_alloc_uninitialized(count, PIXELS);
    uint8_t *labels = mlp_alloc_uninitialized(count, 1);
    struct mlp_dataset content = {
        .count = count,
        .features = PIXELS,
        .classes = CLASSES,
        .u8 = images,
        .labels = labels,
        .height = SIDE,
        .width = SIDE,
        .owned = {images, labels},
    };
    mlp_status status = images && labels ? mlp_dataset_create(&content, out, error)
                                         : mlp_fail_memory(error, "the built-in digits");
    if (status != MLP_OK) {
        mlp_free(labels);
        mlp_free(images);
        return status;
    }
    int threads = mlp_threads_or_default(0);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t i = 0; i < count; i++) {
        labels[i] = draw_label((uint32_t)split, i);
        draw_digit((uint32_t)split, i, labels[i], images + i * PIXELS);
    }
    return MLP_OK;
}
