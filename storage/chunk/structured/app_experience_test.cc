// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/app_experience.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

TEST(AppExperience, ComparesFirstAndThenEvery16thTime) {
  app_experience app;
  EXPECT_FALSE(app.trusts_shapes(100, 2000));
  EXPECT_TRUE(app.compare(100, 200, 2000));
  for (int i = 1; i < 16; ++i) EXPECT_TRUE(app.trusts_shapes(100, 2000)) << i;
  EXPECT_FALSE(app.trusts_shapes(100, 2000));
}

TEST(AppExperience, ComparesWhenTheGainIsInDoubt) {
  app_experience app;
  EXPECT_TRUE(app.compare(100, 200, 2000));
  EXPECT_TRUE(app.trusts_shapes(189, 2000));
  EXPECT_FALSE(app.trusts_shapes(191, 2000));
  EXPECT_FALSE(app.compare(191, 200, 2000));
}

TEST(AppExperience, TriesLessOftenAfterLosses) {
  app_experience app;
  const auto segments_until_try = [&] {
    int count = 1;
    while (!app.tries_shapes()) ++count;
    return count;
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(segments_until_try(), 1);
    EXPECT_FALSE(app.compare(200, 200, 2000));
  }
  for (const int wanted : {2, 3, 5, 9, 17}) {
    EXPECT_EQ(segments_until_try(), wanted);
    app.compare(200, 200, 2000);
  }
  for (int i = 0; i < 20; ++i) {
    segments_until_try();
    app.compare(200, 200, 2000);
  }
  EXPECT_EQ(segments_until_try(), 257);
  EXPECT_TRUE(app.compare(100, 200, 2000));
  EXPECT_EQ(segments_until_try(), 1);
}

TEST(AppExperiences, KeepsAppsApartAndStaysBounded) {
  app_experiences apps;
  apps.of("a").compare(100, 200, 2000);
  EXPECT_TRUE(apps.of("a").trusts_shapes(100, 2000));
  EXPECT_FALSE(apps.of("b").trusts_shapes(100, 2000));
  for (int i = 0; i < 5000; ++i) apps.of("app" + std::to_string(i));
  EXPECT_FALSE(apps.of("a").trusts_shapes(100, 2000));  // forgotten
}

}  // namespace
}  // namespace skald
