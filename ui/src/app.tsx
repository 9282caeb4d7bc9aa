// Puts the pages together: what they share around, the address inside.
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Redirect, Route, Router, Switch, useLocation } from 'wouter';
import { addresses, addressOfOriginal } from './addresses.ts';
import { ErrorEdge } from './components/error-edge.tsx';
import { Loading } from './components/loading.tsx';
import { Toasts } from './components/toasts.tsx';
import { NotFound } from './pages/not-found.tsx';
import { queries } from './server/queries.ts';
import { SignInGate } from './server/sign-in.tsx';
import { Shell } from './shell/shell.tsx';
import { LanguageProvider } from './text/language.tsx';

const Projects = lazy(() => import('./pages/projects/projects.tsx'));
const Project = lazy(() => import('./pages/project/project.tsx'));
const Models = lazy(() => import('./pages/models/models.tsx'));
const Model = lazy(() => import('./pages/models/model.tsx'));
const Operator = lazy(() => import('./pages/operator/operator.tsx'));
const System = lazy(() => import('./pages/system/system.tsx'));

export function App() {
  const [client] = useState(queries);
  return (
    <LanguageProvider>
      <QueryClientProvider client={client}>
        <Router base="/ui">
          <Toasts>
            <SignInGate>
              <Switch>
                {/* It fills the screen: nothing around it. */}
                <Route path="/operator/:model">
                  <Page of={Operator} />
                </Route>
                <Route>
                  <Shell>
                    <Page of={Pages} />
                  </Shell>
                </Route>
              </Switch>
            </SignInGate>
          </Toasts>
        </Router>
      </QueryClientProvider>
    </LanguageProvider>
  );
}

function Pages() {
  const [path] = useLocation();
  const moved = addressOfOriginal(path, window.location.search);
  if (moved !== null) return <Redirect to={moved} replace />;
  return (
    <Switch>
      <Route path="/">
        <Redirect to={addresses.projects} replace />
      </Route>
      <Route path="/projects" component={Projects} />
      <Route path="/projects/:project/:part?" component={Project} />
      <Route path="/models" component={Models} />
      <Route path="/models/:model" component={Model} />
      <Route path="/operator" component={Operator} />
      <Route path="/system" component={System} />
      <Route component={NotFound} />
    </Switch>
  );
}

function Page({ of: Content }: { readonly of: React.ComponentType }) {
  const [path] = useLocation();
  return (
    // Another page starts anew, also after a failure.
    <ErrorEdge key={path}>
      <Suspense fallback={<Loading />}>
        <Content />
      </Suspense>
    </ErrorEdge>
  );
}
