#include "engine/kernels/conv2d/finish.h"
#include "engine/kernels/conv2d/patches.h"
#include "engine/kernels/conv2d/zmm_copy.h"

namespace durward {
namespace {

constexpr int64_t kGroup = kGroupVectors * Zmm::kLanes;  // channels
constexpr int64_t kTileDepth = 64;                       // inputs in a row of a tile

// Tiles 0..3 hold the sums of kTilePixels pixels and 16 channels each; 4 and 5 hold inputs and
// weights, 6 and 7 those of the rest of a depth that is no multiple of kTileDepth.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);

// GCC 12 does not know that tile instructions read memory, nor that the configuration is longer
// than a pointer: what was written before must be there.
inline void memory_is_read(const void* memory) { __asm__ volatile("" ::"r"(memory) : "memory"); }

void configure_tiles(int64_t pixels, int64_t depth) {
  TileConfig config;
  const auto set = [&config](int tile, int64_t rows, int64_t row_bytes) {
    config.rows[tile] = static_cast<uint8_t>(rows);
    config.row_bytes[tile] = static_cast<uint16_t>(row_bytes);
  };
  for (int tile = 0; tile < 4; ++tile) set(tile, pixels, 64);
  set(4, pixels, kTileDepth);
  set(5, kTileDepth / 4, 64);
  const int64_t rest = depth % kTileDepth;
  if (rest > 0) {
    set(6, pixels, rest);
    set(7, rest / 4, 64);
  }
  memory_is_read(&config);
  _tile_loadconfig(&config);
}

// The layer's constants for one group of channels.
struct Group {
  const int8_t* weights;
  const int32_t* bias;
  int64_t depth;
};

// The sums of up to four vectors of channels in tiles 0..3, from `patches`, whose rows are `stride`
// bytes apart.
template <int kVectors>
inline void accumulate(const Group& group, const int8_t* patches, int64_t stride) {
  memory_is_read(patches);
  _tile_loadd(0, group.bias, 0);  // the same row for each pixel
  if constexpr (kVectors > 1) _tile_loadd(1, group.bias + 16, 0);
  if constexpr (kVectors > 2) _tile_loadd(2, group.bias + 32, 0);
  if constexpr (kVectors > 3) _tile_loadd(3, group.bias + 48, 0);
  constexpr int64_t kRow = int64_t{kVectors} * 64;  // of weights
  const int8_t* weights = group.weights;
  int64_t left = group.depth;
  for (; left >= kTileDepth; left -= kTileDepth) {
    _tile_loadd(4, patches, stride);
    _tile_loadd(5, weights, kRow);
    _tile_dpbssd(0, 4, 5);
    if constexpr (kVectors > 1) {
      _tile_loadd(5, weights + 64, kRow);
      _tile_dpbssd(1, 4, 5);
    }
    if constexpr (kVectors > 2) {
      _tile_loadd(5, weights + 128, kRow);
      _tile_dpbssd(2, 4, 5);
    }
    if constexpr (kVectors > 3) {
      _tile_loadd(5, weights + 192, kRow);
      _tile_dpbssd(3, 4, 5);
    }
    patches += kTileDepth;
    weights += kTileDepth / 4 * kRow;
  }
  if (left == 0) return;
  _tile_loadd(6, patches, stride);
  _tile_loadd(7, weights, kRow);
  _tile_dpbssd(0, 6, 7);
  if constexpr (kVectors > 1) {
    _tile_loadd(7, weights + 64, kRow);
    _tile_dpbssd(1, 6, 7);
  }
  if constexpr (kVectors > 2) {
    _tile_loadd(7, weights + 128, kRow);
    _tile_dpbssd(2, 6, 7);
  }
  if constexpr (kVectors > 3) {
    _tile_loadd(7, weights + 192, kRow);
    _tile_dpbssd(3, 6, 7);
  }
}

template <int kVectors>
inline void store_sums(int32_t* sums) {
  constexpr int64_t kRow = kGroup * sizeof(int32_t);
  _tile_stored(0, sums, kRow);
  if constexpr (kVectors > 1) _tile_stored(1, sums + 16, kRow);
  if constexpr (kVectors > 2) _tile_stored(2, sums + 32, kRow);
  if constexpr (kVectors > 3) _tile_stored(3, sums + 48, kRow);
}

// A run of output pixels with their inputs. At most `at_once` are computed together, each time that
// many rows of patches are read.
struct Block {
  const int8_t* patches;
  int64_t stride;
  int64_t first, count;
  int64_t at_once;
};

// One group of channels for all pixels of the block. While tiles are multiplied, the vector units
// finish the sums of the pixels before.
template <int kVectors>
void run_group(const Group& group, const Conv2DFinish& finish, int64_t index, const Block& block,
               int32_t* sums) {
  int32_t* other = sums + kConv2DAmx.pixels * kGroup;
  accumulate<kVectors>(group, block.patches, block.stride);
  store_sums<kVectors>(sums);
  int64_t done = 0;
  for (int64_t next = block.at_once; next < block.count; next += block.at_once) {
    accumulate<kVectors>(group, block.patches + next * block.stride, block.stride);
    store_sums<kVectors>(other);
    conv2d_finish_avx512(finish, {sums, block.first + done, block.at_once, index, kVectors});
    int32_t* const swap = sums;
    sums = other;
    other = swap;
    done = next;
  }
  conv2d_finish_avx512(finish, {sums, block.first + done, block.count - done, index, kVectors});
}

// A layer with what its calls have in common.
struct Layer {
  Conv2DFinish finish;
  Conv2DPacked layout;
  const int8_t* weights;
  const int32_t* bias;
  int32_t* sums;
};

void run_block(const Layer& layer, const Block& block) {
  for (int64_t g = 0; g < layer.layout.groups; ++g) {
    const Group group{layer.weights + g * kGroup * layer.layout.depth, layer.bias + g * kGroup,
                      layer.layout.depth};
    switch (layer.layout.vectors - g * kGroupVectors) {
      case 1:
        run_group<1>(group, layer.finish, g, block, layer.sums);
        break;
      case 2:
        run_group<2>(group, layer.finish, g, block, layer.sums);
        break;
      case 3:
        run_group<3>(group, layer.finish, g, block, layer.sums);
        break;
      default:
        run_group<4>(group, layer.finish, g, block, layer.sums);
    }
  }
}

// Whether the input already is a matrix of patches.
bool reads_in_place(const Conv2DInt8& conv) {
  const WindowGeometry& w = conv.geometry.window;
  return w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 && w.stride_w == 1 &&
         w.pad_top == 0 && w.pad_left == 0 && w.in_h == w.out_h && w.in_w == w.out_w &&
         w.in_c % 4 == 0;
}

}  // namespace

void conv2d_run_amx(const Conv2DInt8& conv, const std::byte* packed, const FusedAdd* add,
                    const LayerOperands& operands) noexcept {
  using Copy = ZmmCopy<kConv2DAmx.input_offset>;
  const WindowGeometry& w = conv.geometry.window;
  const Conv2DPacked layout = conv2d_packed(conv, kConv2DAmx);
  const Conv2DScratch scratch = conv2d_scratch(conv, kConv2DAmx);
  const Layer layer{finish_of(conv, packed, layout, add, operands), layout,
                    reinterpret_cast<const int8_t*>(packed + layout.weights),
                    reinterpret_cast<const int32_t*>(packed + layout.bias),
                    reinterpret_cast<int32_t*>(operands.scratch)};
  const int64_t pixels = w.batch * w.out_h * w.out_w;
  // The same number of pixels each time rather than a remainder at the cost of a whole tile.
  const int64_t steps = (pixels + kConv2DAmx.pixels - 1) / kConv2DAmx.pixels;
  const int64_t at_once = (pixels + steps - 1) / steps;
  configure_tiles(at_once, layout.depth);
  int64_t first = 0;
  if (reads_in_place(conv) && pixels >= at_once) {
    const int64_t whole = pixels / at_once * at_once;
    run_block(layer, {operands.input, layout.depth, 0, whole, at_once});
    first = whole;
  }
  auto* patches = reinterpret_cast<int8_t*>(operands.scratch + scratch.patches);
  const int64_t block_pixels = scratch.block_pixels / at_once * at_once;
  for (; first < pixels; first += block_pixels) {
    const int64_t left = pixels - first;
    const int64_t count = left < block_pixels ? left : block_pixels;
    copy_patches<Copy>(conv, operands.input, first, count, layout.depth, patches);
    run_block(layer, {patches, layout.depth, first, count, at_once});
  }
  _tile_release();
}

}  // namespace durward
