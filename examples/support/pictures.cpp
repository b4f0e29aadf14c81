#include "support/pictures.hpp"

#include <cstdio>

#ifdef XGRAD_EXAMPLE_IMAGES
#include "xgrad/core.hpp"
#include "xgrad/data/image_files.hpp"
#endif

namespace example {

#ifdef XGRAD_EXAMPLE_IMAGES
void write_images(const std::string& path, const xgrad::Tensor& images, PictureOptions options) {
  const xgrad::NoGrad guard;
  const xgrad::Tensor planes = images.dim() == 3 ? images.unsqueeze(1) : images;
  const int zoom = static_cast<int>(options.zoom);
  const xgrad::Pair size(static_cast<int>(planes.size(2)) * zoom, static_cast<int>(planes.size(3)) * zoom);
  const xgrad::Tensor large = xgrad::interpolate(planes, size);
  xgrad::data::write_png(path,
                         xgrad::data::image_grid(large, {.columns = options.columns, .background = 0.5}));
  std::printf("the images are in %s\n", path.c_str());
}
#else
void write_images(const std::string& path, const xgrad::Tensor&, PictureOptions) {
  std::printf("%s is not written: this build has no xgrad::images (Debian: libpng-dev libjpeg-dev)\n",
              path.c_str());
}
#endif

}  // namespace example
