// TypeScript is stripped by rspack's own swc, so the bundle needs no compiler; `npm run check` checks the types.
module.exports = {
  // Ids that do not depend on the folder: two builds of the same sources are identical.
  optimization: { moduleIds: 'natural' },
  resolve: { extensions: ['.tsx', '.ts', '.js'] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        loader: 'builtin:swc-loader',
        type: 'javascript/auto',
        options: {
          jsc: {
            parser: { syntax: 'typescript', tsx: true },
            transform: { react: { runtime: 'classic' } },
            target: 'es2020'
          }
        }
      },
      { test: /\.svg$/, issuer: /\.tsx?$/, type: 'asset/source' }
    ]
  }
};
